"""Comparison of two references on the same frames, by the labels of two data sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import MINIMUM, FloatArray, Frames, Molecule
from mlip_compose.core.units import EV_IN_KCAL_PER_MOL, EV_IN_MEV
from mlip_compose.datasets.relabel import ORIGIN
from mlip_compose.evaluation.reactions import enumerate_reactions
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES


@dataclass(frozen=True)
class Agreement:
    """The difference of the second data set's labels from the first's, on some frames.

    Attributes
    ----------
    molecules, frames
        Numbers of molecules and of frames that were compared.
    force_mae, force_rmse : float
        Mean absolute and root mean square difference of force components, meV/Angstrom.
    force_correlation : float
        Pearson's correlation of force components.
    force_ratio : float
        Root mean square force of the second over that of the first.
    energy_mae : float or None
        Mean absolute difference of energies, each molecule's mean difference removed, meV per atom;
        None where no molecule has two frames.
    minimum_force : float or None
        Mean over the minima of the largest force component of the second, meV/Angstrom; None
        without minima.
    """

    molecules: int
    frames: int
    force_mae: float
    force_rmse: float
    force_correlation: float
    force_ratio: float
    energy_mae: float | None
    minimum_force: float | None


@dataclass(frozen=True)
class ReactionAgreement:
    """Energies of reactions between minima, second data set minus first.

    Attributes
    ----------
    reactions
        Number of reactions.
    shift
        Mean difference, kcal/mol. Increments (one more CH2) are no balanced reactions: their shift
        is that of the zeros of energy.
    spread
        Root mean square of the difference about its mean, kcal/mol.
    """

    reactions: int
    shift: float
    spread: float


@dataclass(frozen=True)
class ReferenceComparison:
    """Two data sets on their common frames.

    Attributes
    ----------
    first, second
        Names of the references.
    families
        Agreement by family, such as ``OH``, and over all molecules (``all``).
    reactions
        Agreement of reaction energies, by kind of reaction.
    """

    first: str
    second: str
    families: Mapping[str, Agreement]
    reactions: Mapping[str, ReactionAgreement]


@dataclass(frozen=True, eq=False)
class _Pair:
    molecule: Molecule
    first: Frames
    second: Frames


def compare_references(first: Store, second: Store) -> ReferenceComparison:
    """Compare the labels of two data sets on the frames that both have.

    One data set is the other labelled anew, or both are labelled anew from a third one.

    Raises
    ------
    RequestError
        The data sets go back to different frames.
    CoverageError
        The data sets go back to the same frames, but have none in common.
    """
    if _origin(first)[0] != _origin(second)[0]:
        raise RequestError(
            "two data sets with the same frames (`data relabel` makes one from the other)",
            f"{first.path} and {second.path}, which go back to different data sets",
        )
    pairs = list(_pairs(first, second))
    by_family: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.first.positions.tobytes() != pair.second.positions.tobytes():
            raise RequestError(
                f"the same positions of {pair.molecule.name} {pair.first.trajectory} in both",
                "others",
            )
        by_family["all"].append(pair)
        by_family[pair.molecule.family].append(pair)
    families = {
        family: agreement
        for family, members in sorted(by_family.items())
        if (agreement := _agreement(members)) is not None
    }
    if not families:
        raise CoverageError(f"frames that are in {first.path} and in {second.path}", "none")
    minima = [pair for pair in pairs if pair.first.trajectory == MINIMUM]
    return ReferenceComparison(first.reference, second.reference, families, _reactions(minima))


def _origin(store: Store) -> tuple[str, Mapping[str, Mapping[str, list[int]]] | None]:
    """Return the checksum of the data set that frames come from, and their indices in it."""
    origin: dict[str, Any] | None = store.header.sampling.get(ORIGIN)
    return (store.checksum, None) if origin is None else (origin["sha256"], origin["frames"])


def _pairs(first: Store, second: Store) -> Iterator[_Pair]:
    for name, molecule in first.molecules.items():
        if name not in second.molecules:
            continue
        for trajectory in TRAJECTORIES:
            common, rows, columns = np.intersect1d(
                _source_indices(first, name, trajectory),
                _source_indices(second, name, trajectory),
                assume_unique=True,
                return_indices=True,
            )
            if len(common):
                yield _Pair(
                    molecule,
                    first.frames(name, trajectory, rows),
                    second.frames(name, trajectory, columns),
                )
        if first.has_minimum(name) and second.has_minimum(name):
            yield _Pair(molecule, first.minimum(name), second.minimum(name))


def _source_indices(store: Store, name: str, trajectory: str) -> Any:
    """Return the indices of the frames of a trajectory in the data set that they come from."""
    chosen = _origin(store)[1]
    if chosen is None or name not in chosen:
        return np.arange(store.n_frames(name, trajectory))
    return np.array(chosen[name].get(trajectory, []), dtype=np.int64)


def _agreement(pairs: list[_Pair]) -> Agreement | None:
    """Return the agreement of the labels; None where nothing but minima is in both."""
    sampled = [pair for pair in pairs if pair.first.trajectory != MINIMUM]
    if not sampled:
        return None
    minima = [pair for pair in pairs if pair.first.trajectory == MINIMUM]
    one = np.concatenate([pair.first.forces.ravel().astype(float) for pair in sampled])
    two = np.concatenate([pair.second.forces.ravel().astype(float) for pair in sampled])
    energies = _energy_differences(sampled)
    return Agreement(
        molecules=len({pair.molecule.name for pair in sampled}),
        frames=sum(len(pair.first) for pair in sampled),
        force_mae=float(np.abs(two - one).mean()) * EV_IN_MEV,
        force_rmse=float(np.sqrt(((two - one) ** 2).mean())) * EV_IN_MEV,
        force_correlation=float(np.corrcoef(one, two)[0, 1]),
        force_ratio=float(np.linalg.norm(two) / np.linalg.norm(one)),
        energy_mae=float(np.abs(energies).mean()) * EV_IN_MEV if len(energies) else None,
        minimum_force=float(np.mean([np.abs(pair.second.forces).max() for pair in minima]))
        * EV_IN_MEV
        if minima
        else None,
    )


def _energy_differences(sampled: list[_Pair]) -> FloatArray:
    """Return differences of energies per atom, each molecule's mean difference taken away, eV."""
    differences: dict[str, list[FloatArray]] = defaultdict(list)
    for pair in sampled:
        difference = (pair.second.energy - pair.first.energy) / pair.molecule.n_atoms
        differences[pair.molecule.name].append(difference)
    joined = [np.concatenate(pieces) for pieces in differences.values()]
    centred = [values - values.mean() for values in joined if len(values) > 1]
    return np.concatenate(centred) if centred else np.empty(0)


def _reactions(minima: list[_Pair]) -> dict[str, ReactionAgreement]:
    series = [(pair.molecule.parts, pair) for pair in minima]
    first = {parts: float(p.first.energy[0]) for parts, p in series if parts is not None}
    second = {parts: float(p.second.energy[0]) for parts, p in series if parts is not None}
    by_kind: dict[str, list[float]] = defaultdict(list)
    for reaction in enumerate_reactions([pair.molecule for pair in minima]):
        difference = reaction.energy(second) - reaction.energy(first)
        by_kind[reaction.kind].append(difference * EV_IN_KCAL_PER_MOL)
    return {
        kind: ReactionAgreement(len(values), float(np.mean(values)), float(np.std(values)))
        for kind, values in sorted(by_kind.items())
    }
