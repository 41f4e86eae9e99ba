"""Data of others into a store: molecules recognised, units settled, nothing held in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.files import refuse_existing
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, Frames, Molecule
from mlip_compose.datasets.importing.files import Reading, Spool, Watch
from mlip_compose.datasets.importing.units import DecidedUnits, GivenUnits, Sample, decide_units
from mlip_compose.store.formats.base import Units
from mlip_compose.store.formats.registry import files_of
from mlip_compose.store.schema import StoreHeader
from mlip_compose.store.writer import write_store

UNKNOWN: Final = ""
"""The trajectory of frames of which nothing says it."""
SAMPLED_MOLECULES: Final = 12
SAMPLED_FRAMES: Final = 200
"""Of so many molecules so many frames are looked at to recognise units."""
NO_LICENCE: Final = "not stated"


@dataclass(frozen=True)
class ImportOutcome:
    """What an import ended with.

    Attributes
    ----------
    path, checksum
        Of the store.
    molecules, frames
        How many there are of them; minima are not counted as frames.
    units
        The units that the numbers were read in, each with the reason.
    taken
        The files that frames were taken from, each with how many.
    left
        What was left out, each with the reason: files, and frames of other molecules.
    """

    path: Path
    checksum: str
    molecules: int
    frames: int
    units: tuple[str, ...]
    taken: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def import_data(
    source: Path,
    out: Path,
    *,
    name: str,
    reference: str,
    energy_unit: str | None = None,
    force_unit: str | None = None,
    length_unit: str | None = None,
    split: int = 0,
    licence: str = NO_LICENCE,
    origin: Mapping[str, Any] | None = None,
    leave: Mapping[Path, str] = MappingProxyType({}),
    watch: Watch = lambda file, frames: None,
) -> ImportOutcome:
    """Import labelled frames from a file or a directory and write a store.

    Every frame's molecule is recognised from its geometry. Its trajectory is what the frame's
    metadata say (``trajectory``, ``split``), else what the name of the file or of a folder in the
    source says (such as primary, train; secondary, test, validation; minimum, relaxed), else
    ``primary``. Frames keep the order of the source, or of their metadata's ``frame`` where all
    have one and no two the same. Of several minima of a molecule the lowest is kept.

    Parameters
    ----------
    source
        A file (extended XYZ, ASE trajectory or database, npz) or a directory of such files.
    out
        The HDF5 file; must not exist. It appears whole or not at all.
    name
        Of the data set.
    reference
        Level of theory of the labels, such as ``pbe-d3bj/def2-tzvp``.
    energy_unit, force_unit, length_unit
        Names of units; where they are not given, what the files state, else what the numbers say.
    split
        So many last frames of each molecule, of those of which nothing says the trajectory, become
        the secondary trajectory; 0 for none.
    licence
        Of the data.
    origin
        Where the files come from, for the header.
    leave
        Files that are not to be read, each with the reason.
    watch
        Told of progress.

    Raises
    ------
    RequestError
        ``out`` exists, a unit is unknown, or there are too few frames to split.
    DataError
        A file that cannot be read, labels that are missing or not finite, a unit that contradicts
        the numbers, a broken bond, atoms in another order, two molecules under one name.
    CoverageError
        No frame of a molecule X-(CH2)n-Y.
    UnwritableError
        The disk is full.
    """
    given = GivenUnits(energy_unit, force_unit, length_unit)
    refuse_existing(out)
    if not name.strip() or not reference.strip():
        raise RequestError("a name and a reference of the data set", "none")
    if split < 0:
        raise RequestError("0 or more frames to split off", str(split))
    with Spool(out) as spool:
        reading = Reading(source, given, spool, watch)
        for file in files_of(source):
            if file in leave:
                reading.left.append((file.relative_to(source).as_posix(), leave[file]))
            else:
                reading.read(file)
        left = [*reading.left, *reading.collector.finish()]
        found = reading.collector.molecules
        sampled = {key.molecule for key in spool.keys if key.trajectory != MINIMUM}
        left += [(m, "only a minimum, no trajectory") for m in sorted(found.keys() - sampled)]
        if not sampled:
            shown = "; ".join(f"{what}: {why}" for what, why in left[:3])
            raise CoverageError(f"frames of a molecule X-(CH2)n-Y in {source}", f"none ({shown})")
        _check_split(spool, split)
        units = _decide(spool, found, given)
        header = StoreHeader(
            name=name,
            reference=reference,
            reference_settings={},
            sampling={
                "imported_from": reading.files,
                "units": [f"{u.energy}, {u.forces}: {u.reason}" for u in units.values()],
                **({"origin": dict(origin)} if origin else {}),
            },
            software={p: version(p) for p in ("mlip-compose", "ase", "numpy", "rdkit")},
            failures=tuple(f"left out: {what}: {why}" for what, why in left),
            licence=licence,
        )
        contents = (
            (found[molecule], list(_trajectories(spool, molecule, units, split)))
            for molecule in sorted(sampled)
        )
        checksum = write_store(out, header, contents)
        frames = sum(spool.count(key) for key in spool.keys if key.trajectory != MINIMUM)
    return ImportOutcome(
        path=out,
        checksum=checksum,
        molecules=len(sampled),
        frames=frames,
        units=tuple(header.sampling["units"]),
        taken=tuple(reading.taken),
        left=tuple(left),
    )


def _check_split(spool: Spool, split: int) -> None:
    if not split:
        return
    free = Counter[str]()
    for key in spool.keys:
        if key.trajectory == UNKNOWN:
            free[key.molecule] += spool.count(key)
    if not free:
        raise RequestError(
            "frames of which nothing says the trajectory", "none", "Leave --split out."
        )
    name, fewest = min(free.items(), key=lambda item: item[1])
    if fewest <= split:
        raise RequestError(
            f"more than {split} frames of each molecule, to split {split} off",
            f"{fewest} of {name}",
        )


def _decide(
    spool: Spool, molecules: Mapping[str, Molecule], given: GivenUnits
) -> dict[Units, DecidedUnits]:
    """Decide the units of everything that was read in the same ones."""
    samples: dict[Units, list[Sample]] = {key.units: [] for key in spool.keys}
    for key in sorted(spool.keys, key=lambda key: -spool.count(key)):
        found = samples[key.units]
        if key.trajectory != MINIMUM and len(found) < SAMPLED_MOLECULES:
            some = spool.read(key, SAMPLED_FRAMES)
            numbers = molecules[key.molecule].numbers
            found.append(Sample(numbers, some["positions"], some["energy"], some["forces"]))
    return {units: decide_units(units, given, found) for units, found in samples.items()}


def _trajectories(
    spool: Spool, molecule: str, units: Mapping[Units, DecidedUnits], split: int
) -> Iterator[Frames]:
    """Yield the trajectories of a molecule, in eV and Angstrom and in order."""
    pieces: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for key in spool.keys:
        if key.molecule == molecule:
            records = spool.read(key)
            records["energy"] *= units[key.units].energy_factor
            records["forces"] *= units[key.units].forces_factor
            pieces[key.trajectory].append(records)
    trajectories = {name: _in_order(np.concatenate(found)) for name, found in pieces.items()}
    free = trajectories.pop(UNKNOWN, None)
    if free is not None:
        first = len(free) - split
        parts = {PRIMARY: free[:first], SECONDARY: free[first:]} if split else {PRIMARY: free}
        for name, records in parts.items():
            before = [trajectories[name]] if name in trajectories else []
            trajectories[name] = np.concatenate([*before, records])
    for name, records in trajectories.items():
        if name == MINIMUM:
            records = records[[int(np.argmin(records["energy"]))]]
        yield Frames(
            molecule=molecule,
            trajectory=name,
            indices=np.arange(len(records)),
            positions=records["positions"],
            energy=records["energy"],
            forces=records["forces"],
        )


def _in_order(records: NDArray[Any]) -> NDArray[Any]:
    """Put frames in the order of their indices, where all have one and no two the same."""
    indices = records["index"]
    if (indices < 0).any() or len(np.unique(indices)) < len(indices):
        return records
    return records[np.argsort(indices)]
