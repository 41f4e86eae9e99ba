"""``mlip-compose report``: the page of a study that was run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import Json, print_json, stderr


def report(
    results: Annotated[Path, typer.Argument(help="Directory of a study's results.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML file. Default: in that directory.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a study anew, from its results alone."""
    from mlip_compose.report.page import write_report
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.run import read_results

    directory = ResultsDirectory(results)
    path = out or directory.report
    write_report(read_results(directory), path)
    if json:
        print_json({"report": str(path)})
    else:
        stderr().print(f"The report is {path}", markup=False, soft_wrap=True)
