"""The root of the command: a table of contents."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

import typer

from mlip_compose.cli import (
    data,
    molecules,
    potentials,
    predict,
    predictions,
    score,
    study,
    tasks,
    train,
)
from mlip_compose.core.interruption import Interrupted, interruptible, told_to_end

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


NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """Run the command; a request that cannot be served ends with status 2 and one message."""
    try:
        with interruptible():
            sys.exit(_run())
    except BaseException as error:
        signal = error if isinstance(error, Interrupted) else told_to_end()
        if signal is None or (isinstance(error, SystemExit) and not error.code):
            raise
        sys.stderr.write(f"{signal}\n")
        sys.exit(signal.status)


def _run() -> int:
    """Run the command and return its exit status; imports take most of the time of a short one."""
    from mlip_compose.cli.output import REFUSED, refuse
    from mlip_compose.core.errors import RequestError, UnwritableError

    try:
        app()
    except RequestError as error:
        return REFUSED if told_to_end() else refuse(error)
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        if error.filename is None:  # results go to a file that stdout is
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return refuse(UnwritableError(Path(error.filename or "the standard output"), error))
    return 0
