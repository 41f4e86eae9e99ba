"""A data set that others published: downloaded, unpacked and imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlip_compose.core.errors import CoverageError, MissingLabelsError, UnreadableError
from mlip_compose.core.files import refuse_existing
from mlip_compose.datasets.download.archives import unpack
from mlip_compose.datasets.download.hub import Hub
from mlip_compose.datasets.download.plan import (
    ARCHIVES,
    FRAMES,
    MANIFEST,
    Download,
    Plan,
    reason_to_leave,
)
from mlip_compose.datasets.importing.importing import ImportOutcome, import_data
from mlip_compose.datasets.importing.units import GivenUnits
from mlip_compose.store.catalogue import get_published
from mlip_compose.store.formats.registry import files_of, read_foreign


@dataclass(frozen=True)
class FetchWatch:
    """Told of progress.

    Attributes
    ----------
    planned
        Called before anything is downloaded.
    downloaded
        Called with the path of a file and the number of its bytes that are there.
    read
        Called with the path of a file and the number of frames read so far.
    """

    planned: Callable[[Plan], None] = lambda plan: None
    downloaded: Callable[[str, int], None] = lambda file, size: None
    read: Callable[[str, int], None] = lambda file, frames: None


@dataclass(frozen=True)
class FetchOutcome:
    """What a fetch ended with.

    Attributes
    ----------
    plan
        The commit, what of it was downloaded, and what was left.
    manifest
        The JSON document with the sha256 of every file.
    imported
        The store.
    """

    plan: Plan
    manifest: Path
    imported: ImportOutcome


def fetch(
    name: str,
    out: Path,
    *,
    revision: str | None = None,
    endpoint: str | None = None,
    everything: bool = False,
    units: GivenUnits | None = None,
    split: int = 0,
    watch: FetchWatch | None = None,
) -> FetchOutcome:
    """Download a published data set and import what can be imported.

    The files are kept beside the store, in ``<out without suffix>.download``, with a manifest of
    the commit and of the sha256 of every file; a later fetch to the same place takes the same
    commit, and only what is missing. A fetch that was interrupted goes on.

    Parameters
    ----------
    name
        Of the data set, such as ``gmd-26``.
    out
        The HDF5 file; must not exist.
    revision
        Commit, branch or tag; None for the catalogue's, else the manifest's, else ``main``.
    endpoint
        Of the hub; None for the public one.
    everything
        Download trained models and all else, too.
    units
        Of the numbers in the files; what is not given is found out.
    split
        As for ``import_data``.
    watch
        Told of progress.

    Raises
    ------
    UnknownNameError
        No published data set of this name.
    MissingExtraError
        ``huggingface_hub`` is not installed.
    RequestError
        ``out`` exists, the hub refuses or is not reached, or the disk is too small.
    ChecksumError
        A file that is not what the hub says it is.
    CoverageError
        Nothing that can be imported.
    DataError
        See ``import_data``; files that are unreadable or lack labels are left, not refused.
    """
    published = get_published(name)
    refuse_existing(out)
    watch, units = watch or FetchWatch(), units or GivenUnits()
    hub = Hub(published.repository, endpoint)
    directory = out.with_name(f"{out.stem}.download")
    download = Download(directory, hub, revision or published.revision)
    plan = download.plan(everything)
    if not any(file.path.lower().endswith((*FRAMES, *ARCHIVES)) for file in plan.wanted):
        shown = ", ".join(f"{file.path} ({reason})" for file, reason in plan.left[:5])
        raise CoverageError(
            f"files to import ({', '.join((*FRAMES, *ARCHIVES))}) in {published.repository}, "
            f"commit {plan.commit}",
            shown or "none",
        )
    watch.planned(plan)
    download.fetch(plan, watch.downloaded)
    leave = _unpack(download.files, plan)

    def imported() -> ImportOutcome:
        return import_data(
            download.files,
            out,
            name=name,
            reference=published.reference,
            energy_unit=units.energy,
            force_unit=units.forces,
            length_unit=units.length,
            split=split,
            licence=published.licence,
            origin={
                "repository": published.repository,
                "endpoint": hub.endpoint,
                "commit": plan.commit,
            },
            leave=leave,
            watch=watch.read,
        )

    try:
        outcome = imported()
    except (UnreadableError, MissingLabelsError):
        leave |= _unusable(download.files, leave)
        outcome = imported()
    return FetchOutcome(plan, directory / MANIFEST, outcome)


def _unpack(directory: Path, plan: Plan) -> dict[Path, str]:
    """Unpack the archives that may hold frames; return all archives, each with what came of it."""
    found = {}
    for file in plan.wanted:
        if file.path.lower().endswith(ARCHIVES):
            path = directory / file.path
            reason = reason_to_leave(file) or unpack(path)
            found[path] = reason or "an archive; what is in it is beside it"
    return found


def _unusable(directory: Path, known: dict[Path, str]) -> dict[Path, str]:
    """Return the files that cannot be read to their end or lack labels, each with the reason."""
    found = {}
    for path in files_of(directory):
        if path in known or not path.name.lower().endswith(FRAMES):
            continue
        try:
            for _ in read_foreign(path):
                pass
        except (UnreadableError, MissingLabelsError) as error:
            found[path] = error.found
    return found
