"""The report as a static site: a page, its numbers as CSV and JSON, and certificates, to be served.

Nothing on it is loaded from elsewhere, and nothing runs on the server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from mlip_compose import __version__
from mlip_compose.core.errors import SchemaError, UnwritableError, one_line
from mlip_compose.core.files import write_bytes
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.csv_tables import csv_text, tables_of
from mlip_compose.report.page import Download, render_report

MANIFEST: Final = "data/manifest.json"
SCHEMA: Final = "mlip-compose/site/1"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class SiteFile(NamedTuple):
    """A file of a site: its path there, its description, and its content."""

    path: str
    description: str
    content: bytes


def write_site(folder: Path, studies: Sequence[StudyResults]) -> list[Path]:
    """Write a site; what an earlier call wrote there and this one does not is removed.

    Parameters
    ----------
    folder
        Made where there is none. Files that are not of a site stay.
    studies
        The page shows the first and has a choice of the others.

    Returns
    -------
    list of Path
        The files of the site.

    Raises
    ------
    SchemaError
        Two studies of one name; or the folder has a list of files that is damaged.
    UnwritableError
        No room, or no permission.
    """
    names = [results.name for results in studies]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise SchemaError("studies of different names", f"{', '.join(sorted(repeated))} twice")
    before = _listed(folder)
    files = list(site_files(studies))
    for file in files:
        write_bytes(folder / file.path, file.content)
    for path in sorted(before - {file.path for file in files}):
        _remove(folder, path)
    return [folder / file.path for file in files]


def site_files(studies: Sequence[StudyResults]) -> Iterator[SiteFile]:
    """Yield the files of a site; the same results give the same files."""
    data = [file for results in studies for file in _data(results)]
    listed = [
        {
            "path": file.path,
            "what": file.description,
            "bytes": len(file.content),
            "sha256": hashlib.sha256(file.content).hexdigest(),
        }
        for file in data
    ]
    manifest = {
        "schema": SCHEMA,
        "program": __version__,
        "studies": [
            {
                "name": results.name,
                "dataset": results.dataset.name,
                "dataset_sha256": results.dataset.sha256,
                "reference": results.dataset.reference,
            }
            for results in studies
        ],
        "files": listed,
    }
    downloads = [
        Download(
            file.path.split("/")[1],
            file.path,
            file.description,
            f"{len(file.content) / 1000:.0f} kB",
        )
        for file in data
        if "/certificates/" not in file.path
    ]
    page = render_report(*studies, downloads=downloads)
    yield SiteFile("index.html", "The page.", page.encode())
    yield SiteFile(".nojekyll", "Serve the files as they are.", b"")
    yield SiteFile(MANIFEST, "All files of data, with checksums.", _json(manifest))
    yield from data


def _data(results: StudyResults) -> Iterator[SiteFile]:
    folder = f"data/{_part_of_path(results.name)}"
    tables = tables_of(results)
    for table in tables:
        yield SiteFile(
            f"{folder}/{table.name}.csv", table.description, csv_text(table.rows).encode()
        )
    boards = [table for table in tables if table.name == "leaderboard"]
    for table in boards:
        yield SiteFile(f"{folder}/{table.name}.json", table.description, _json(table.rows))
    facts = results.model_dump(mode="json", include={"study", "dataset", "provenance", "units"})
    yield SiteFile(
        f"{folder}/study.json",
        "The study, its data, versions, and each training with settings, cost and what it reports.",
        _json(facts),
    )
    for certificate in results.certificates:
        name = _part_of_path(f"{certificate['task']}_L{certificate['level']}")
        yield SiteFile(
            f"{folder}/certificates/{name}.json",
            f"Certificate of {certificate['task']}, level {certificate['level']}.",
            _json(certificate),
        )


def _part_of_path(name: str) -> str:
    """Return a name that is to be that of a file, where it can be one."""
    if not NAME.fullmatch(name):
        raise SchemaError("names of studies and tasks that files can have", repr(name))
    return name


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _listed(folder: Path) -> set[str]:
    """Return the files of data that an earlier call wrote, as its list says."""
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_text("utf-8"))
        paths = [file["path"] for file in document["files"]]
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SchemaError(
            f"the list of the site's files in {path}",
            one_line(error, 200),
            "Remove it; files that it named stay then.",
        ) from error
    return {str(path) for path in paths}


def _remove(folder: Path, path: str) -> None:
    """Remove a file of data of an earlier site, and directories that are empty then."""
    inside = folder / "data"
    file = folder / path
    if ".." in Path(path).parts or not file.is_relative_to(inside):
        return
    try:
        file.unlink(missing_ok=True)
        parent = file.parent
        while parent != inside and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
    except OSError as error:
        raise UnwritableError(file, error) from error
