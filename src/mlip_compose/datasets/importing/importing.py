"""Data of others into a store: molecules recognised, units decided, few frames in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.files import refuse_existing
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, Frames, Molecule
from mlip_compose.datasets.importing.files import FrameListener, SourceReader
from mlip_compose.datasets.importing.temporary_frames import (
    FrameGroup,
    TemporaryFrames,
    temporary_frames,
)
from mlip_compose.datasets.importing.units import DecidedUnits, GivenUnits, Sample, decide_units
from mlip_compose.store.formats.base import Units
from mlip_compose.store.formats.keys import ANY, Keys
from mlip_compose.store.formats.registry import files_of
from mlip_compose.store.schema import StoreHeader
from mlip_compose.store.writer import write_store

UNKNOWN: Final = ""
"""The trajectory of frames where neither metadata nor names of files say one."""
SAMPLED_MOLECULES: Final = 12
SAMPLED_FRAMES: Final = 200
"""Units are recognised from so many frames of each of so many molecules."""
NO_LICENCE: Final = "not stated"


@dataclass(frozen=True)
class ImportOptions:
    """How labelled frames of others become a data set.

    Attributes
    ----------
    name
        Name of the data set.
    reference
        Level of theory of the labels, such as ``pbe-d3bj/def2-tzvp``.
    units
        Units that the user gives. Others are those that the files state, or that the numbers show.
    split
        Number of last frames of each molecule that become its secondary trajectory, out of the
        frames of unknown trajectory; 0 for none.
    licence
        Licence of the data.
    origin
        Where the files come from, for the header; such as ``{"repository": "owner/name"}``.
    skipped
        Files that are not to be read, each with the reason.
    keys
        Names of the numbers in the files; others are those that people use.

    Raises
    ------
    RequestError
        The name or the reference is empty, or the split is negative.
    """

    name: str
    reference: str
    units: GivenUnits = field(default_factory=GivenUnits)
    split: int = 0
    licence: str = NO_LICENCE
    origin: Mapping[str, Any] = field(default_factory=dict)
    skipped: Mapping[Path, str] = field(default_factory=dict)
    keys: Keys = ANY

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.reference.strip():
            raise RequestError("a name and a reference of the data set", "none")
        if self.split < 0:
            raise RequestError("0 or more frames to split off", str(self.split))


@dataclass(frozen=True)
class ImportOutcome:
    """The data set that an import made.

    Attributes
    ----------
    path, checksum
        The HDF5 file, and the sha256 of its content.
    molecules, frames
        Numbers of molecules and of frames; minima do not count as frames.
    units
        The units that numbers were read in, each with the reason.
    taken
        The files that frames were taken from, each with their number.
    skipped
        Files, and frames of other molecules, that are not in the data set, each with the reason.
    assumed
        What was taken for granted or changed, in words, with the number of frames.
    """

    path: Path
    checksum: str
    molecules: int
    frames: int
    units: tuple[str, ...]
    taken: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...] = ()


def import_data(
    source: Path,
    out: Path,
    options: ImportOptions,
    listener: FrameListener = lambda file, frames: None,
) -> ImportOutcome:
    """Import labelled frames from a file or a directory and write a store.

    The molecule of each frame is recognised from its geometry. The trajectory of a frame is what
    its metadata say (``trajectory``, ``split``), else what the name of the file or of a folder says
    (such as primary, train; secondary, test, validation; minimum, relaxed), else ``primary``.
    Frames keep the order of the source; where the metadata of all frames have a ``frame``, and no
    two the same, they are put in that order. Of several minima of a molecule the lowest is kept.

    Parameters
    ----------
    source
        A file (extended XYZ, ASE trajectory or database, npz) or a directory of such files.
    out
        The HDF5 file; must not exist. It appears whole or not at all.
    options
        Name, reference and units of the data set, and what else the user says of it.
    listener
        Hears of progress.

    Raises
    ------
    RequestError
        ``out`` exists, or there are too few frames to split.
    DataError
        A file cannot be read, labels are missing or not finite, a unit contradicts the numbers, a
        bond broke or formed, atoms are in another order, or two molecules have one name.
    CoverageError
        No frame is of a molecule that can be recognised.
    UnwritableError
        The disk is full.
    """
    refuse_existing(out)
    with temporary_frames(out) as frames:
        reader = SourceReader(source, options.units, frames, listener, options.keys)
        for file in files_of(source):
            if file in options.skipped:
                name = file.relative_to(source).as_posix()
                reader.skipped.append((name, options.skipped[file]))
            else:
                reader.read(file)
        molecules = reader.collector.molecules
        sampled = {group.molecule for group in frames.groups if group.trajectory != MINIMUM}
        skipped = [
            *reader.skipped,
            *reader.collector.skipped(),
            *(
                (name, "only a minimum, no trajectory")
                for name in sorted(molecules.keys() - sampled)
            ),
        ]
        if not sampled:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped[:3])
            raise CoverageError(f"frames of a molecule in {source}", f"none ({reasons})")
        _check_split(frames, options.split)
        units = _decide(frames, molecules, options.units)
        assumed = [f"{note}: {count:,} frames" for note, count in reader.notes.items()]
        header = _header(options, reader.files, units.values(), skipped, assumed)
        contents = (
            (molecules[name], _trajectories(frames, groups, units, options.split))
            for name, groups in _by_molecule(frames, sampled).items()
        )
        checksum = write_store(out, header, contents)
        n_frames = sum(
            frames.count(group) for group in frames.groups if group.trajectory != MINIMUM
        )
    return ImportOutcome(
        path=out,
        checksum=checksum,
        molecules=len(sampled),
        frames=n_frames,
        units=tuple(header.sampling["units"]),
        taken=tuple(reader.taken),
        skipped=tuple(skipped),
        assumed=tuple(assumed),
    )


def _check_split(frames: TemporaryFrames, split: int) -> None:
    """Check that each molecule has frames left where the last ones are split off."""
    if not split:
        return
    counts = Counter[str]()
    for group in frames.groups:
        if group.trajectory == UNKNOWN:
            counts[group.molecule] += frames.count(group)
    if not counts:
        raise RequestError(
            "frames of which nothing says the trajectory", "none", "Leave --split out."
        )
    name, fewest = min(counts.items(), key=lambda item: item[1])
    if fewest <= split:
        raise RequestError(
            f"more than {split} frames of each molecule, to split {split} off",
            f"{fewest} of {name}",
        )


def _decide(
    frames: TemporaryFrames, molecules: Mapping[str, Molecule], given: GivenUnits
) -> dict[Units, DecidedUnits]:
    """Decide the units of all frames whose files have the same units, from their largest groups."""
    samples: dict[Units, list[Sample]] = {group.units: [] for group in frames.groups}
    for group in sorted(frames.groups, key=lambda group: -frames.count(group)):
        chosen = samples[group.units]
        if group.trajectory != MINIMUM and len(chosen) < SAMPLED_MOLECULES:
            records = frames.read(group, SAMPLED_FRAMES)
            numbers = molecules[group.molecule].numbers
            chosen.append(
                Sample(numbers, records["positions"], records["energy"], records["forces"])
            )
    return {units: decide_units(units, given, chosen) for units, chosen in samples.items()}


def _header(
    options: ImportOptions,
    files: list[dict[str, str]],
    units: Iterable[DecidedUnits],
    skipped: Sequence[tuple[str, str]],
    assumed: Sequence[str],
) -> StoreHeader:
    return StoreHeader(
        name=options.name,
        reference=options.reference,
        reference_settings={},
        sampling={
            "imported_from": files,
            "units": [f"{unit.energy}, {unit.forces}: {unit.reason}" for unit in units],
            **({"assumed": list(assumed)} if assumed else {}),
            **({"origin": dict(options.origin)} if options.origin else {}),
        },
        software={name: version(name) for name in ("mlip-compose", "ase", "numpy", "rdkit")},
        failures=tuple(f"left out: {name}: {reason}" for name, reason in skipped),
        licence=options.licence,
    )


def _by_molecule(frames: TemporaryFrames, names: set[str]) -> dict[str, list[FrameGroup]]:
    """Return the groups of molecules, in the order of the molecules' names."""
    groups: dict[str, list[FrameGroup]] = defaultdict(list)
    for group in frames.groups:
        groups[group.molecule].append(group)
    return {name: groups[name] for name in sorted(names)}


def _trajectories(
    frames: TemporaryFrames,
    groups: Sequence[FrameGroup],
    units: Mapping[Units, DecidedUnits],
    split: int,
) -> Iterator[Frames]:
    """Yield the trajectories of a molecule, in eV and Angstrom and in order."""
    pieces: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for group in groups:
        records = frames.read(group)
        records["energy"] *= units[group.units].energy_factor
        records["forces"] *= units[group.units].forces_factor
        pieces[group.trajectory].append(records)
    trajectories = {name: _in_order(np.concatenate(some)) for name, some in pieces.items()}
    for name, records in _without_unknown(trajectories, split).items():
        if name == MINIMUM:
            records = records[[int(np.argmin(records["energy"]))]]
        yield Frames(
            molecule=groups[0].molecule,
            trajectory=name,
            indices=np.arange(len(records)),
            positions=records["positions"],
            energy=records["energy"],
            forces=records["forces"],
        )


def _without_unknown(
    trajectories: Mapping[str, NDArray[Any]], split: int
) -> dict[str, NDArray[Any]]:
    """Put frames of unknown trajectory behind the primary ones, the last ``split`` secondary."""
    result = dict(trajectories)
    free = result.pop(UNKNOWN, None)
    if free is None:
        return result
    end = len(free) - split
    additions = {PRIMARY: free[:end], SECONDARY: free[end:]} if split else {PRIMARY: free}
    for name, records in additions.items():
        before = [result[name]] if name in result else []
        result[name] = np.concatenate([*before, records])
    return result


def _in_order(records: NDArray[Any]) -> NDArray[Any]:
    """Put frames in the order of their indices, where all have one and no two the same."""
    indices = records["index"]
    if (indices < 0).any() or len(np.unique(indices)) < len(indices):
        return records
    return records[np.argsort(indices)]
