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
    figures: Annotated[
        Path | None,
        typer.Option(help="Folder for publication figures of one study, as PDF and SVG."),
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a study anew, from its results alone, or one of several studies."""
    from mlip_compose.errors import RequestError
    from mlip_compose.report.page import write_report
    from mlip_compose.report.printing import write_figures
    from mlip_compose.studies.directory import ResultsDirectory, made_from
    from mlip_compose.studies.results import read_results

    directories = [ResultsDirectory(directory) for directory in results]
    if out is None and len(directories) > 1:
        raise RequestError("a file for the report of several studies", "none", "Give it by --out.")
    if figures is not None and len(directories) > 1:
        raise RequestError("one study with --figures", f"{len(directories)}")
    path = out or directories[0].report
    first, *others = [read_results(directory) for directory in directories]
    with made_from(*directories):
        drawn = [] if figures is None else [str(file) for file in write_figures(first, figures)]
        write_report(first, path, *others)
    if json:
        print_json({"report": str(path)} | ({"figures": drawn} if figures is not None else {}))
        return
    stderr().print(f"The report is {path}", markup=False, soft_wrap=True)
    if figures is not None:
        stderr().print(f"{len(drawn)} files of figures in {figures}", markup=False, soft_wrap=True)
