"""``mlip-compose archive``: results without raw predictions, to be kept or published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import Json, print_json, stderr


def archive(
    results: Annotated[Path, typer.Argument(help="Directory of a study's results.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the archive.")],
    models: Annotated[
        float,
        typer.Option("--models", min=0.0, help="Keep models of at most so many MB each."),
    ] = 0.0,
    json: Json = False,
) -> None:
    """Copy results without raw predictions: scores, certificates, gallery, report.

    `mlip-compose run STUDY --out ARCHIVE` goes on from it, and trains nothing again.
    """
    from mlip_compose.studies.archive import archive as make
    from mlip_compose.studies.directory import ResultsDirectory

    files = make(ResultsDirectory(results), out, models)
    size = sum(path.stat().st_size for path in files)
    if json:
        print_json({"archive": str(out), "files": len(files), "bytes": size})
        return
    message = f"{out} has {len(files)} files, {size / 1e6:.1f} MB"
    stderr().print(message, markup=False, soft_wrap=True)
