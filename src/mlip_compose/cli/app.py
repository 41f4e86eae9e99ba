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
    "Train it on some molecules X-(CH2)n-Y, test it on others that are made of the same parts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("run")(study.run)
app.command("merge")(study.merge)
app.add_typer(tasks.app, name="tasks")
app.add_typer(molecules.app, name="molecules")
app.command("coverage")(planning.coverage)
app.command("plan")(planning.plan)
app.add_typer(data.app, name="data")
app.add_typer(potentials.app, name="potentials")
app.command("train")(train.train)
app.command("predict")(predict.predict)
app.add_typer(predictions.app, name="predictions")
app.command("score")(score.score)
app.command("report")(study.report)
app.command("archive")(study.archive)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    """Print the version where that is asked for."""
    if version:
        from mlip_compose import __version__

        typer.echo(f"mlip-compose {__version__}")
        raise typer.Exit
