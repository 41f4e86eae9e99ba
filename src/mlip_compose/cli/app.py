"""The root of the command: a table of contents."""

from __future__ import annotations

import typer

from mlip_compose.cli import (
    data,
    molecules,
    planning,
    potentials,
    predict,
    predictions,
    score,
    study,
    tasks,
    train,
)

app = typer.Typer(
    name="mlip-compose",
    help="Has a machine-learned interatomic potential learned that molecules are made of parts? "
    "Train it on some molecules X-(CH2)n-Y, and test it on others that are made of the same parts. "
    "Begin with `mlip-compose run`: it does a small study in some minutes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

STUDY = "A study, from its file to its page"
STEPS = "The steps of a study, one by one"
PARTS = "What a study is made of"
OTHERS = "Models that were trained elsewhere"
PLANNING = "Molecules of your own"

app.command("run", rich_help_panel=STUDY)(study.run)
app.command("merge", rich_help_panel=STUDY)(study.merge)
app.command("report", rich_help_panel=STUDY)(study.report)
app.command("archive", rich_help_panel=STUDY)(study.archive)
app.command("train", rich_help_panel=STEPS)(train.train)
app.command("predict", rich_help_panel=STEPS)(predict.predict)
app.command("score", rich_help_panel=STEPS)(score.score)
app.add_typer(tasks.app, name="tasks", rich_help_panel=PARTS)
app.add_typer(molecules.app, name="molecules", rich_help_panel=PARTS)
app.add_typer(data.app, name="data", rich_help_panel=PARTS)
app.add_typer(potentials.app, name="potentials", rich_help_panel=PARTS)
app.add_typer(predictions.app, name="predictions", rich_help_panel=OTHERS)
app.command("coverage", rich_help_panel=PLANNING)(planning.coverage)
app.command("plan", rich_help_panel=PLANNING)(planning.plan)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    """Print the version, with --version."""
    if version:
        from mlip_compose import __version__

        typer.echo(f"mlip-compose {__version__}")
        raise typer.Exit
