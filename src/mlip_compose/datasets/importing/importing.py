"""Data of others into a store: molecules recognised, units decided, few frames in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.errors import CoverageError, DataError, RequestError
from mlip_compose.core.files import refuse_existing
from mlip_compose.core.records import MINIMUM, Molecule
from mlip_compose.datasets.importing.assembly import (
    Cut,
    TrajectoryCount,
    check_split,
    counted,
    pieces,
    told,
    trajectories,
)
from mlip_compose.datasets.importing.copies import Settled, settle
from mlip_compose.datasets.importing.files import FrameListener, SourceReader, name_in
from mlip_compose.datasets.importing.temporary_frames import (
    FrameGroup,
    TemporaryFrames,
    temporary_frames,
)
from mlip_compose.datasets.importing.trajectories import BY_DEFAULT, BY_FRAME, BY_SPLIT, Patterns
from mlip_compose.datasets.importing.units import (
    DecidedUnits,
    GivenUnits,
    customary,
    decide_units,
)
from mlip_compose.datasets.slope import LabelledFrames, pair_sums
from mlip_compose.datasets.store_proof import PROOF, summary
from mlip_compose.store.formats.base import Units
from mlip_compose.store.formats.keys import ANY, Keys
from mlip_compose.store.formats.registry import files_of
from mlip_compose.store.schema import StoreHeader
from mlip_compose.store.writer import write_store

SAMPLED_FRAMES: Final = 200
"""Most frames of a molecule that units are recognised from."""
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
    patterns
        What files are, by their names.
    blocks
        Whether the last fifth of each molecule's frames of unknown trajectory becomes its secondary
        trajectory; one frame between the two is left out.
    leave_bad
        Whether frames with NaN, without labels or with a broken bond are left out; otherwise they
        end the import.

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
    patterns: Patterns = field(default_factory=Patterns)
    blocks: bool = False
    leave_bad: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.reference.strip():
            raise RequestError("a name and a reference of the data set", "none")
        if self.split < 0:
            raise RequestError("0 or more frames to split off", str(self.split))
        if self.split and self.blocks:
            raise RequestError("one way to split frames off", "--split and --blocks")


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
    trajectories
        For each trajectory, and each reason why frames are of it, the number of frames.
    """

    path: Path
    checksum: str
    molecules: int
    frames: int
    units: tuple[str, ...]
    taken: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...] = ()
    trajectories: tuple[TrajectoryCount, ...] = ()

    def frames_of(self, trajectory: str) -> int:
        """Return the number of frames of a trajectory."""
        return sum(c.frames for c in self.trajectories if c.trajectory == trajectory)


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
        reader = SourceReader(
            source, options.units, frames, listener, options.keys, options.patterns
        )
        files = files_of(source)
        left = options.patterns.left([name_in(source, file) for file in files])
        for file in files:
            name = name_in(source, file)
            reason = left.get(name) or options.skipped.get(file)
            if reason:
                reader.skipped.append((name, reason))
            else:
                reader.read(file)
        molecules = reader.collector.molecules
        sampled = {group.molecule for group in frames.groups if group.trajectory != MINIMUM}
        unrecognised = reader.collector.skipped(reader.bad)
        if not options.leave_bad:
            reader.bad.refuse()
        skipped = [
            *reader.skipped,
            *unrecognised,
            *reader.bad.told(),
            *(
                (name, "only a minimum, no trajectory")
                for name in sorted(molecules.keys() - sampled)
            ),
        ]
        if not sampled:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped[:3])
            raise CoverageError(f"frames of a molecule in {source}", f"none ({reasons})")
        groups = _by_molecule(frames, sampled)

        def settled_in(units: Mapping[Units, DecidedUnits]) -> dict[str, Settled]:
            return {
                name: settle(
                    name, molecules[name].numbers, pieces(frames, own, units), reader.names
                )
                for name, own in groups.items()
            }

        try:
            units = _decide(frames, molecules, options.units)
        except DataError:
            settled_in({group.units: customary(group.units) for group in frames.groups})
            raise  # no geometry has two labels, which would have been the reason
        settled = settled_in(units)
        cut = Cut(options.split, options.blocks)
        check_split(settled, cut)
        counts = counted(frames, groups, units, settled, cut, reader.reasons)
        assumed = [f"{note}: {count:,} frames" for note, count in reader.notes.items()]
        assumed += told(settled)
        assumed += [
            f"the name {label!r} is a label: {count} molecules have it"
            for label, count in reader.collector.labels.items()
        ]
        header = _header(options, reader.files, units.values(), skipped, assumed, counts)
        contents = (
            (
                molecules[name].called(reader.collector.final_name(name)),
                trajectories(frames, own, units, settled[name], cut),
            )
            for name, own in groups.items()
        )
        checksum = write_store(out, header, contents)
    return ImportOutcome(
        path=out,
        checksum=checksum,
        molecules=len(sampled),
        frames=sum(count.frames for count in counts if count.trajectory != MINIMUM),
        units=tuple(header.sampling["units"]),
        taken=tuple(reader.taken),
        skipped=tuple(skipped),
        assumed=tuple(assumed),
        trajectories=counts,
    )


def _decide(
    frames: TemporaryFrames, molecules: Mapping[str, Molecule], given: GivenUnits
) -> dict[Units, DecidedUnits]:
    """Decide the units of all frames whose files have the same units, from their largest groups."""

    def samples(units: Units) -> Iterator[LabelledFrames]:
        for group in sorted(frames.groups, key=lambda group: -frames.count(group)):
            if group.units == units and group.trajectory != MINIMUM:
                records = frames.read(group, SAMPLED_FRAMES)
                yield LabelledFrames(
                    group.molecule,
                    molecules[group.molecule].numbers,
                    records["positions"],
                    records["energy"],
                    records["forces"],
                )

    counts = Counter(group.units for group in frames.groups)
    return {
        units: decide_units(units, given, pair_sums(samples(units), count))
        for units, count in counts.items()
    }


def _header(
    options: ImportOptions,
    files: list[dict[str, str]],
    units: Collection[DecidedUnits],
    skipped: Sequence[tuple[str, str]],
    assumed: Sequence[str],
    counts: Sequence[TrajectoryCount],
) -> StoreHeader:
    known = (BY_FRAME, BY_DEFAULT, BY_SPLIT)
    reasons = [count._asdict() for count in counts if count.reason not in known]
    return StoreHeader(
        name=options.name,
        reference=options.reference,
        reference_settings={},
        sampling={
            "imported_from": files,
            "units": [str(unit) for unit in units],
            PROOF: summary([unit.proof for unit in units]),
            **({"assumed": list(assumed)} if assumed else {}),
            **({"trajectories": reasons} if reasons else {}),
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
