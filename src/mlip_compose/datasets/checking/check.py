"""The checks of a store, all in one pass, with one molecule in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import ChecksumError, DataError, UnreadableError
from mlip_compose.core.records import Frames
from mlip_compose.datasets.checking.finding import Check, CheckResult, Material, counted
from mlip_compose.datasets.checking.labels import (
    EnergyOutliers,
    FiniteLabels,
    ForceOutliers,
    ForcesAgainstEnergies,
)
from mlip_compose.datasets.checking.relabelling import (
    NOISE,
    RECOMPUTATION,
    compare,
    draw_sample,
    reference_of,
    skipped,
)
from mlip_compose.datasets.checking.structure import Duplicates, Graph, Topology, has_pairs
from mlip_compose.datasets.checking.thermal import EnergiesAboveMinimum
from mlip_compose.datasets.checking.units import Units
from mlip_compose.references.base import Reference
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import SCHEMA

SAMPLE: Final = 24
SCHEMA_CHECK: Final = "schema"
CHECKSUMS: Final = "checksums"
NOT_REACHED: Final = "not reached"

CheckListener = Callable[[str, float], None]
"""Hears of progress: the molecule or reference at hand, and the share of the work that is done."""


@dataclass(frozen=True)
class CheckReport:
    """The results of all checks of a store.

    Attributes
    ----------
    path
        The file.
    dataset, sha256
        Name and checksum of the data set; None where the file cannot be opened as a store.
    checks
        The results, in the order of the checks.
    """

    path: Path
    dataset: str | None
    sha256: str | None
    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed; a check that was not made has not failed."""
        return all(check.passed is not False for check in self.checks)


def check_store(
    path: Path,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    reference: str | None = None,
    keep_scratch: bool = False,
    listener: CheckListener = lambda name, share: None,
) -> CheckReport:
    """Make every check of a store.

    Parameters
    ----------
    path
        The file of the store.
    sample
        Number of frames to compute anew; 0 for none.
    seed
        Seed of the draw of these frames.
    reference
        Name of the reference that computes them; None for the store's.
    keep_scratch
        Whether scratch directories of labels that fail are kept.
    listener
        Hears of progress.

    Raises
    ------
    UnreadableError
        The file does not exist, is truncated, or is not HDF5.
    RequestError
        The reference of this name cannot be used.
    """
    store = _opened(path)
    if isinstance(store, CheckReport):
        return store
    finite, checks = FiniteLabels(), _checks(store.header.sampling)
    try:
        for done, name in enumerate(store.molecules):
            listener(name, done / (len(store.molecules) + sample))
            material = _material(store, name, finite)
            for check in checks if has_pairs(material.molecule) else checks[:1]:
                check.see(material)
        drawn = draw_sample(store, sample, seed)
    except ChecksumError as error:
        broken = CheckResult(CHECKSUMS, False, str(error))
        reached = (_whole(store), broken, *_not_reached(_names()[2:]))
        return CheckReport(path, store.name, store.checksum, reached)
    except UnreadableError as error:
        broken = CheckResult(SCHEMA_CHECK, False, str(error))
        reached = (broken, *_not_reached(_names()[1:]))
        return CheckReport(path, store.name, store.checksum, reached)

    labelled = 0

    def tick() -> None:
        nonlocal labelled
        labelled += 1
        total = len(store.molecules) + sample
        listener(store.reference, (len(store.molecules) + labelled) / total)

    if not sample:
        chosen: Reference | str = "no sample was asked for"
    elif not drawn:
        chosen = "no frame that can be computed"
    else:
        chosen = reference_of(store.header, reference)
    if isinstance(chosen, str):
        anew = skipped(chosen)
    else:
        anew = compare(drawn, chosen, tick, keep_scratch)
    results = (_whole(store), _sums(store), finite.result(), *(c.result() for c in checks), *anew)
    return CheckReport(path, store.name, store.checksum, results)


def _opened(path: Path) -> Store | CheckReport:
    """Open a store, or return the report on one that cannot be looked into any further."""
    try:
        return Store(path)
    except UnreadableError:
        raise
    except ChecksumError as error:
        keeps = CheckResult(SCHEMA_CHECK, True, f"a store of schema {SCHEMA}")
        broken = CheckResult(CHECKSUMS, False, str(error))
        return CheckReport(path, None, None, (keeps, broken, *_not_reached(_names()[2:])))
    except DataError as error:
        broken = CheckResult(SCHEMA_CHECK, False, str(error))
        return CheckReport(path, None, None, (broken, *_not_reached(_names()[1:])))


def _checks(sampling: dict[str, object]) -> tuple[Check, ...]:
    """Return the checks that see molecules, in the order in which they are shown.

    The first check sees all molecules, the others those of two atoms or more.
    """
    return (
        Graph(),
        Topology(),
        Units(),
        ForcesAgainstEnergies(),
        Duplicates(),
        ForceOutliers(),
        EnergyOutliers(),
        EnergiesAboveMinimum(sampling),
    )


def _names() -> list[str]:
    """Return the names of all checks, in the order in which they are shown."""
    names = [check.name for check in _checks({})]
    return [SCHEMA_CHECK, CHECKSUMS, FiniteLabels.name, *names, RECOMPUTATION, NOISE]


def _not_reached(names: Iterable[str]) -> tuple[CheckResult, ...]:
    return tuple(CheckResult(name, None, NOT_REACHED) for name in names)


def _material(store: Store, name: str, finite: FiniteLabels) -> Material:
    """Read one molecule, and leave out frames that are not finite."""
    trajectories = [finite.keep(frames) for frames in store.trajectories(name)]
    minimum: Frames | None = None
    if store.has_minimum(name):
        kept = finite.keep(store.minimum(name))
        minimum = kept if len(kept) else None
    used = tuple(frames for frames in trajectories if len(frames))
    return Material(store.molecules[name], used, minimum)


def _whole(store: Store) -> CheckResult:
    molecules, frames = len(store.molecules), store.total_frames
    finding = f"{SCHEMA}, read to its end: {counted(molecules, 'molecule')}, "
    details = {"schema": SCHEMA, "molecules": molecules, "frames": frames}
    return CheckResult(SCHEMA_CHECK, True, finding + counted(frames, "frame"), details)


def _sums(store: Store) -> CheckResult:
    finding = f"the file ({store.checksum[:12]}...) and all of "
    finding += counted(len(store.molecules), "molecule")
    return CheckResult(CHECKSUMS, True, finding, {"sha256": store.checksum})
