"""``mlip-compose report``: the page of a study that was run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    site: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a site to be served: the page, its numbers as CSV and JSON, "
            "certificates."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a study anew, from its results alone, or one of several studies."""
    from mlip_compose.core.errors import RequestError
    from mlip_compose.report.page import write_report
    from mlip_compose.report.printing import write_figures
    from mlip_compose.report.site import write_site
    from mlip_compose.studies.directory import ResultsDirectory, made_from
    from mlip_compose.studies.results import read_results

    directories = [ResultsDirectory(directory) for directory in results]
    if out is None and site is None and len(directories) > 1:
        raise RequestError("a file for the report of several studies", "none", "Give it by --out.")
    if figures is not None and len(directories) > 1:
        raise RequestError("one study with --figures", f"{len(directories)}")
    path = directories[0].report if out is None and site is None else out
    studies = [read_results(directory) for directory in directories]
    document: dict[str, Any] = {}
    said = []
    with made_from(*directories):
        if figures is not None:
            document["figures"] = [str(file) for file in write_figures(studies[0], figures)]
            said.append(f"{len(document['figures'])} files of figures in {figures}")
        if path is not None:
            write_report(studies[0], path, *studies[1:])
            document["report"] = str(path)
            said.append(f"The report is {path}")
        if site is not None:
            document["site"] = [str(file) for file in write_site(site, studies)]
            said.append(f"The site is {site / 'index.html'}, with {len(document['site'])} files")
    if json:
        print_json(document)
        return
    for text in said:
        stderr().print(text, markup=False, soft_wrap=True)
