"""``mlip-compose report``: the page of a study that was run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import Json, print_json, stderr


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            help="Directory of a study's results. Of several, one page with a choice of study."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="HTML file. Default, of one study: in that directory."),
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a study anew, from its results alone, or one of several studies."""
    from mlip_compose.errors import RequestError
    from mlip_compose.report.page import write_report
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.run import read_results

    directories = [ResultsDirectory(directory) for directory in results]
    if out is None and len(directories) > 1:
        raise RequestError("a file for the report of several studies", "none", "Give it by --out.")
    path = out or directories[0].report
    first, *others = [read_results(directory) for directory in directories]
    write_report(first, path, *others)
    if json:
        print_json({"report": str(path)})
    else:
        stderr().print(f"The report is {path}", markup=False, soft_wrap=True)
