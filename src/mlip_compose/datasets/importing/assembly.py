"""The trajectories of a store, put together from imported frames."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, Frames
from mlip_compose.datasets.importing.copies import Settled
from mlip_compose.datasets.importing.temporary_frames import FrameGroup, TemporaryFrames
from mlip_compose.datasets.importing.trajectories import BY_BLOCKS, BY_DEFAULT, BY_SPLIT
from mlip_compose.datasets.importing.units import DecidedUnits
from mlip_compose.store.formats.base import Units
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE

UNKNOWN: Final = ""
"""The trajectory of frames where neither metadata nor names of files say one."""
BLOCKS: Final = 5
"""One block of so many becomes the secondary trajectory."""
FEWEST_IN_BLOCKS: Final = 3
"""Fewest frames of two blocks with one frame between them."""


class TrajectoryCount(NamedTuple):
    """The number of frames that are of a trajectory for one reason."""

    trajectory: str
    frames: int
    reason: str


class Cut(NamedTuple):
    """How frames of unknown trajectory are cut in two.

    Attributes
    ----------
    split
        Number of last frames that become secondary; 0 for none.
    blocks
        Whether the last fifth does, and one frame before it is left out.
    """

    split: int = 0
    blocks: bool = False

    def place(self, count: int) -> tuple[int, int]:
        """Return where the primary frames end and the secondary ones begin, of so many frames."""
        if self.blocks:
            start = count - max(1, count // BLOCKS)
            return start - 1, start
        return count - self.split, count - self.split


def check_split(settled: Mapping[str, Settled], cut: Cut) -> None:
    """Check that each molecule has frames left where the last ones are split off."""
    if not (cut.split or cut.blocks):
        return
    counts = {
        name: int(own.kept[UNKNOWN].sum()) for name, own in settled.items() if UNKNOWN in own.kept
    }
    if not counts:
        option = "--split" if cut.split else "--blocks"
        raise RequestError(
            "frames of which nothing says the trajectory", "none", f"Leave {option} out."
        )
    name, fewest = min(counts.items(), key=lambda item: item[1])
    least = cut.split if cut.split else FEWEST_IN_BLOCKS - 1
    if fewest <= least:
        purpose = f"split {cut.split} off" if cut.split else "make two blocks of them"
        raise RequestError(
            f"more than {least} frames of each molecule, to {purpose}", f"{fewest} of {name}"
        )


def told(settled: Mapping[str, Settled]) -> Iterator[str]:
    """Yield what was found of copies, in words."""
    dropped = {name: own.dropped for name, own in settled.items() if own.dropped}
    near = {name: own.near for name, own in settled.items() if own.near}
    if dropped:
        some = ", ".join(f"{count} of {name}" for name, count in list(dropped.items())[:5])
        more = ", ..." if len(dropped) > 5 else ""
        yield f"exact copies are dropped: {sum(dropped.values()):,} frames ({some}{more})"
    if near:
        some = ", ".join(f"{count} of {name}" for name, count in list(near.items())[:5])
        yield (
            f"nearly one geometry in the primary and the secondary trajectory, within "
            f"{DUPLICATE_TOLERANCE} Angstrom: {sum(near.values()):,} pairs of frames ({some})"
        )


def counted(
    frames: TemporaryFrames,
    groups: Mapping[str, Sequence[FrameGroup]],
    units: Mapping[Units, DecidedUnits],
    settled: Mapping[str, Settled],
    cut: Cut,
    reasons: Sequence[str],
) -> tuple[TrajectoryCount, ...]:
    """Count the frames of each trajectory by the reason why they are of it."""
    counts = Counter[tuple[str, str]]()
    for name, own in groups.items():
        for trajectory, records in pieces(frames, own, units).items():
            kept = records[settled[name].kept[trajectory]]
            if trajectory == MINIMUM:
                counts[MINIMUM, reasons[int(kept["reason"][0])]] += 1
            elif trajectory == UNKNOWN:
                end, start = cut.place(len(kept))
                words = BY_SPLIT if cut.split else BY_BLOCKS
                counts[PRIMARY, words if cut.blocks else BY_DEFAULT] += end
                if start < len(kept):
                    counts[SECONDARY, words] += len(kept) - start
            else:
                for reason, count in Counter(kept["reason"].tolist()).items():
                    counts[trajectory, reasons[reason]] += count
    order = {PRIMARY: 0, SECONDARY: 1, MINIMUM: 2}
    rows = (TrajectoryCount(key[0], count, key[1]) for key, count in counts.items() if count)
    return tuple(sorted(rows, key=lambda row: (order[row.trajectory], -row.frames, row.reason)))


def pieces(
    frames: TemporaryFrames, groups: Sequence[FrameGroup], units: Mapping[Units, DecidedUnits]
) -> dict[str, NDArray[Any]]:
    """Return the frames of a molecule by trajectory, in eV and Angstrom, as the files have them."""
    runs: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for group in groups:
        records = frames.read(group)  # atoms that are mapped come later than they are in their file
        records = records[np.lexsort((records["place"], records["source"]))]
        reading = units[group.units].reading
        records["energy"] *= reading.energy_factor(records["forces"].shape[1])
        records["forces"] *= reading.forces_factor
        runs[group.trajectory].append(records)
    return {name: np.concatenate(some) for name, some in runs.items()}


def trajectories(
    frames: TemporaryFrames,
    groups: Sequence[FrameGroup],
    units: Mapping[Units, DecidedUnits],
    settled: Settled,
    cut: Cut,
) -> Iterator[Frames]:
    """Yield the trajectories of a molecule, in eV and Angstrom and in order."""
    known = {
        name: _in_order(records[settled.kept[name]])
        for name, records in pieces(frames, groups, units).items()
    }
    for name, records in _without_unknown(known, cut).items():
        if name == MINIMUM:
            records = records[[int(np.argmin(records["energy"]))]]
        if not len(records):
            continue
        yield Frames(
            molecule=groups[0].molecule,
            trajectory=name,
            indices=np.arange(len(records)),
            positions=records["positions"],
            energy=records["energy"],
            forces=records["forces"],
        )


def _without_unknown(known: Mapping[str, NDArray[Any]], cut: Cut) -> dict[str, NDArray[Any]]:
    """Put frames of unknown trajectory behind the primary ones, the last ones secondary if told."""
    result = dict(known)
    free = result.pop(UNKNOWN, None)
    if free is None:
        return result
    end, start = cut.place(len(free))
    additions = {PRIMARY: free[:end]}
    if start < len(free):
        additions[SECONDARY] = free[start:]
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
