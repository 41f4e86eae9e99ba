"""Geometries that come more than once: with one label they are copies, with two an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import DataError
from mlip_compose.core.records import MINIMUM, SECONDARY, BoolArray, FloatArray, IntArray
from mlip_compose.datasets.importing.trajectories import suggested_patterns
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints

SAME_PLACE: Final = 1e-4
"""Angstrom; atoms of one geometry agree within this, whatever digits files have."""
SAME_ENERGY: Final = (1e-3, 2e-7)
"""eV, and share of the energy; labels of one calculation agree within the larger."""
SAME_FORCES: Final = 5e-3
"""eV/Angstrom; the same of forces."""
THERMAL_SPREAD: Final = 0.04
"""eV; the standard deviation of a molecule's energy is at least about this times sqrt(3 N / 2)."""
FAR_APART: Final = 8.0
"""Energies in two sets that are farther apart than so many standard deviations are of two levels.

At one level sets lie so far apart nowhere: conformers differ by some tenths of an eV.
"""
FEWEST_OF_A_LEVEL: Final = 3
"""Fewest frames of a set of energies."""
MOST_COMPARED: Final = 20_000
"""Most frames of a molecule that are looked through for near copies."""


class Settled(NamedTuple):
    """The frames of a molecule that stay.

    Attributes
    ----------
    kept
        For each trajectory, whether each frame stays, (F,) bool.
    dropped
        Number of copies that do not stay.
    near
        Number of pairs of a primary and a secondary frame that are nearly the same geometry.
    """

    kept: Mapping[str, BoolArray]
    dropped: int
    near: int


def settle(
    molecule: str,
    numbers: IntArray,
    pieces: Mapping[str, NDArray[Any]],
    names: Sequence[str],
) -> Settled:
    """Drop exact copies among the frames of a molecule, minima aside.

    Of copies within a trajectory that of the file with most frames stays; of copies across
    trajectories the secondary one, unless no primary frame would stay.

    Parameters
    ----------
    molecule
        Name of the molecule.
    numbers : (N,) int
        Atomic numbers.
    pieces
        For each trajectory its frames in eV and Angstrom, records (see ``TemporaryFrames.read``).
    names
        Names of the files, by their number.

    Raises
    ------
    DataError
        One geometry has two labels, or energies are of two levels of theory; the files are named.
    """
    sampled = [trajectory for trajectory in pieces if trajectory != MINIMUM]
    kept = {name: np.ones(len(records), dtype=bool) for name, records in pieces.items()}
    if not sampled:
        return Settled(kept, 0, 0)
    records = np.concatenate([pieces[name] for name in sampled])
    held = np.concatenate([np.full(len(pieces[name]), name == SECONDARY) for name in sampled])
    pairs = _same_geometries(records["positions"])
    _check_labels(molecule, records, pairs, names)
    _check_levels(molecule, len(numbers), records, names)
    stays = np.ones(len(records), dtype=bool)
    if len(pairs):
        sizes = np.bincount(records["source"])[records["source"]]
        rank = np.lexsort((np.arange(len(records)), -sizes, ~held))
        if not held.all() and not _without_copies(pairs, rank)[~held].any():
            rank = np.lexsort((np.arange(len(records)), -sizes, held))
        stays = _without_copies(pairs, rank)
    start = 0
    for name in sampled:
        kept[name] = stays[start : start + len(pieces[name])]
        start += len(pieces[name])
    near = _near_copies(numbers, records[stays], held[stays])
    return Settled(kept, int(len(records) - stays.sum()), near)


def _same_geometries(positions: FloatArray) -> IntArray:
    """Return the pairs of frames (P, 2) whose atoms are in the same places but for a shift.

    Frames are sorted by a projection, which is near for frames that are near, so that few pairs are
    looked at.
    """
    centred = positions - positions.mean(axis=1, keepdims=True)
    flat = centred.reshape(len(centred), -1)
    weights = np.random.default_rng(0).normal(size=flat.shape[1])
    projection = flat @ (weights / np.linalg.norm(weights))
    order = np.argsort(projection, kind="stable")
    reach = SAME_PLACE * np.sqrt(flat.shape[1])
    pairs = []
    for step in range(1, len(order)):
        first, second = order[:-step], order[step:]
        near = np.flatnonzero(projection[second] - projection[first] <= reach)
        if not len(near):
            break
        first, second = first[near], second[near]
        same = (np.abs(flat[first] - flat[second]) <= SAME_PLACE).all(axis=1)
        pairs.append(np.stack([first[same], second[same]], axis=1))
    return np.sort(np.concatenate(pairs), axis=1) if pairs else np.empty((0, 2), dtype=int)


def _check_labels(
    molecule: str, records: NDArray[Any], pairs: IntArray, names: Sequence[str]
) -> None:
    """Raise ``DataError`` where frames of one geometry have different labels."""
    first, second = records[pairs[:, 0]], records[pairs[:, 1]]
    absolute, relative = SAME_ENERGY
    limit = np.maximum(absolute, relative * np.abs(first["energy"]))
    other = np.abs(first["energy"] - second["energy"]) > limit
    other |= (np.abs(first["forces"] - second["forces"]) > SAME_FORCES).any(axis=(1, 2))
    if not other.any():
        return
    one, two = first[other][0], second[other][0]
    files = sorted({names[one["source"]], names[two["source"]]})
    frames = len(np.unique(pairs[other]))
    raise DataError(
        "one label for each geometry",
        f"geometries of {molecule} with two labels, {frames} frames in {' and '.join(files)}: "
        f"{one['energy']:.4f} eV (frame {one['place']} of {names[one['source']]}) and "
        f"{two['energy']:.4f} eV (frame {two['place']} of {names[two['source']]}) are of the same",
        _hint(files),
    )


def _check_levels(molecule: str, n_atoms: int, records: NDArray[Any], names: Sequence[str]) -> None:
    """Raise ``DataError`` where energies lie in two sets that no temperature explains."""
    order = np.argsort(records["energy"], kind="stable")
    energy = records["energy"][order]
    few = FEWEST_OF_A_LEVEL
    if len(energy) < 2 * few:
        return
    gaps = np.diff(energy)[few - 1 : len(energy) - few]
    cut = few + int(np.argmax(gaps))
    low, high = energy[:cut], energy[cut:]
    spread = max(float(low.std()), float(high.std()), THERMAL_SPREAD * np.sqrt(1.5 * n_atoms))
    if gaps.max() <= FAR_APART * spread:
        return
    own, other = (
        sorted({names[source] for source in np.unique(records["source"][order[part]])})
        for part in (slice(cut), slice(cut, None))
    )
    shared = own == other
    files = [own[0], other[0]] if not shared else own
    raise DataError(
        f"energies of {molecule} at one level of theory",
        f"two sets that are {high.mean() - low.mean():.1f} eV apart: {len(low)} frames of "
        f"{low.min():.3f} to {low.max():.3f} eV in {', '.join(own[:3])}, {len(high)} of "
        f"{high.min():.3f} to {high.max():.3f} eV in {', '.join(other[:3])}",
        _hint(files),
    )


def _hint(files: Sequence[str]) -> str:
    """Return what to do where labels of two levels are in files."""
    patterns = suggested_patterns(files)
    if len(set(patterns)) < 2:
        return "Keep the labels of one level of theory alone in the file."
    choices = " or ".join(f"--leave '{pattern}'" for pattern in patterns)
    return f"Leave the labels of one level of theory out: {choices}."


def _without_copies(pairs: IntArray, rank: IntArray) -> BoolArray:
    """Return which frames stay, (F,), of copies the one that comes first in the ranking."""
    place = np.empty(len(rank), dtype=int)
    place[rank] = np.arange(len(rank))
    later = np.where(place[pairs[:, 0]] > place[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    stays = np.ones(len(rank), dtype=bool)
    stays[later] = False
    return stays


def _near_copies(numbers: IntArray, records: NDArray[Any], held: BoolArray) -> int:
    """Return the number of pairs of a primary and a secondary frame of nearly one geometry."""
    if not held.any() or held.all() or len(records) > MOST_COMPARED or len(numbers) < 3:
        return 0
    primary = Fingerprints(numbers, records["positions"][~held])
    secondary = Fingerprints(numbers, records["positions"][held])
    return len(primary.pairs_with(secondary, DUPLICATE_TOLERANCE))
