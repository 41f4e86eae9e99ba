"""Published data sets of others: downloaded, unpacked and imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
    reason_to_skip,
)
from mlip_compose.datasets.importing.importing import ImportOptions, ImportOutcome, import_data
from mlip_compose.datasets.importing.units import GivenUnits
from mlip_compose.store.catalogue import get_published
from mlip_compose.store.formats.registry import files_of, read_frames


@dataclass(frozen=True)
class FetchListener:
    """Hears of the progress of a fetch.

    Attributes
    ----------
    planned
        Hears of the plan, before anything is downloaded.
    downloaded
        Hears of the bytes of a file that are on disk: its path, and their number.
    read
        Hears of the frames that are read: the file, and the number of frames so far.
    """

    planned: Callable[[Plan], None] = lambda plan: None
    downloaded: Callable[[str, int], None] = lambda file, size: None
    read: Callable[[str, int], None] = lambda file, frames: None


@dataclass(frozen=True)
class FetchOutcome:
    """The files that a fetch downloaded, and the data set that it made of them.

    Attributes
    ----------
    plan
        The commit, with the files that were downloaded and those that were skipped.
    manifest
        Path of the JSON document with the sha256 of every file.
    imported
        The data set.
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
    listener: FetchListener | None = None,
) -> FetchOutcome:
    """Download a published data set and import its frames.

    The files are kept beside the store, in ``<out without suffix>.download``, with a manifest of
    the commit and of the sha256 of every file. A later fetch to the same place takes the same
    commit, and downloads missing files only. A fetch that was interrupted goes on.

    Parameters
    ----------
    name
        Name of the data set, such as ``gmd-26``.
    out
        The HDF5 file; must not exist.
    revision
        Commit, branch or tag; None for the catalogue's, else the manifest's, else ``main``.
    endpoint
        Address of the hub; None for the public one.
    everything
        Whether to download trained models and all other files, too.
    units
        Units of the numbers in the files; other units are recognised.
    split
        Number of last frames to split off (see ``ImportOptions``).
    listener
        Hears of progress.

    Raises
    ------
    UnknownNameError
        No published data set has this name.
    MissingExtraError
        ``huggingface_hub`` is not installed.
    RequestError
        ``out`` exists, the hub refuses or does not answer, or the disk is too small.
    ChecksumError
        A file is not what the hub says it is.
    CoverageError
        No file can be imported.
    DataError
        See ``import_data``; files that cannot be read or lack labels are skipped, not refused.
    """
    published = get_published(name)
    refuse_existing(out)
    listener = listener or FetchListener()
    hub = Hub(published.repository, endpoint)
    directory = out.with_name(f"{out.stem}.download")
    download = Download(directory, hub, revision or published.revision)
    plan = download.plan(everything)
    if not any(file.path.lower().endswith((*FRAMES, *ARCHIVES)) for file in plan.wanted):
        reasons = ", ".join(f"{file.path} ({reason})" for file, reason in plan.skipped[:5])
        raise CoverageError(
            f"files to import ({', '.join((*FRAMES, *ARCHIVES))}) in {published.repository}, "
            f"commit {plan.commit}",
            reasons or "none",
        )
    listener.planned(plan)
    download.fetch(plan, listener.downloaded)
    options = ImportOptions(
        name=name,
        reference=published.reference,
        units=units or GivenUnits(),
        split=split,
        licence=published.licence,
        origin={
            "repository": published.repository,
            "endpoint": hub.endpoint,
            "commit": plan.commit,
        },
        skipped=_unpack(download.files, plan),
    )
    try:
        outcome = import_data(download.files, out, options, listener.read)
    except (UnreadableError, MissingLabelsError):  # reading every file to its end first would cost
        unusable = _unusable(download.files, options.skipped)
        options = replace(options, skipped={**options.skipped, **unusable})
        outcome = import_data(download.files, out, options, listener.read)
    return FetchOutcome(plan, directory / MANIFEST, outcome)


def _unpack(directory: Path, plan: Plan) -> dict[Path, str]:
    """Unpack the archives that may hold frames; return all archives, with why each is skipped."""
    skipped = {}
    for file in plan.wanted:
        if file.path.lower().endswith(ARCHIVES):
            path = directory / file.path
            reason = reason_to_skip(file) or unpack(path)
            skipped[path] = reason or "an archive; what is in it is beside it"
    return skipped


def _unusable(directory: Path, skipped: Mapping[Path, str]) -> dict[Path, str]:
    """Return the files that cannot be read to their end or lack labels, each with the reason."""
    unusable = {}
    for path in files_of(directory):
        if path in skipped or not path.name.lower().endswith(FRAMES):
            continue
        try:
            faults = [frames.fault for frames in read_frames(path) if frames.fault]
            if faults:
                unusable[path] = faults[0]
        except (UnreadableError, MissingLabelsError) as error:
            unusable[path] = error.found
    return unusable
