"""The oracle: what perfect knowledge of the training molecules reaches on unseen ones, with no fit.

Each frame of an OOD molecule is a sum of training molecules that are cut out of that very frame
(``tasks.decomposition``), and the reference labels each of them. A hydrogen stands for what was cut
off, on the line of the bond and at the usual length of one; the force on it goes to the two atoms
that place it, so that the composed forces are minus the gradient of the composed energy.

A potential that errs less has learned something that its training molecules do not have one by one:
how their parts disturb each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import CoverageError, DataError, RequestError
from mlip_compose.core.records import (
    PRIMARY,
    Comparison,
    Failure,
    FloatArray,
    Frames,
    Interval,
    Molecule,
)
from mlip_compose.datasets.checking.relabelling import reference_of
from mlip_compose.datasets.work_of_forces import evenly
from mlip_compose.engine.engine import Engine
from mlip_compose.engine.in_process import InProcess
from mlip_compose.evaluation.bootstrap import estimate, interval_of
from mlip_compose.evaluation.metric_names import METRICS
from mlip_compose.evaluation.pooling import frame_pool
from mlip_compose.evaluation.results import MoleculeScore
from mlip_compose.evaluation.score import molecule_errors, molecule_score
from mlip_compose.molecules.geometry import covalent_sums
from mlip_compose.predictions.target import Target
from mlip_compose.references.base import Reference
from mlip_compose.store.reader import Store
from mlip_compose.tasks.decomposition import Decomposition, decompose

FRAMES: Final = 10
"""Frames of each molecule that are composed, if nothing else is said."""
STRETCH: Final = 1.02
"""Length of a bond with hydrogen over the sum of covalent radii: 1.09 Angstrom for carbon."""
SAME_FORCE: Final = 1e-3
"""Largest difference, eV/Angstrom, of a label made anew from the data set's."""


@dataclass(frozen=True)
class OracleScore:
    """The errors of the oracle on the OOD molecules of a split.

    Attributes
    ----------
    task, level, dataset, reference
        The split, the data set, and the level of theory that labelled the pieces.
    forces_mae
        Force MAE, meV/Angstrom, with its interval over molecules.
    energy_mae_per_atom
        Energy MAE, meV/atom, with its interval over molecules.
    molecules
        The errors on each molecule that has a decomposition.
    pieces, overlaps
        Of each of these, the number of pieces, and the heavy atoms of their smallest overlap.
    without
        Names of the OOD molecules that no sum of training molecules is.
    """

    task: str
    level: int
    dataset: str
    reference: str
    forces_mae: Interval | None
    energy_mae_per_atom: Interval | None
    molecules: tuple[MoleculeScore, ...]
    pieces: Mapping[str, int]
    overlaps: Mapping[str, int]
    without: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return what ``--json`` says."""
        return {
            "task": self.task,
            "level": self.level,
            "dataset": self.dataset,
            "reference": self.reference,
            "forces_mae": _numbers(self.forces_mae),
            "energy_mae_per_atom": _numbers(self.energy_mae_per_atom),
            "molecules": [
                {
                    "name": molecule.molecule,
                    "pieces": self.pieces[molecule.molecule],
                    "overlap": self.overlaps[molecule.molecule],
                    "frames": molecule.frames,
                    "failed_frames": molecule.failed_frames,
                    "forces_mae": molecule.values.get("forces_mae"),
                }
                for molecule in self.molecules
            ],
            "without": list(self.without),
        }


def _numbers(interval: Interval | None) -> dict[str, float | None] | None:
    return None if interval is None else interval.model_dump()


class _Job(NamedTuple):
    """A molecule to compose, with its frames (F, N, 3)."""

    molecule: Molecule
    decomposition: Decomposition
    positions: FloatArray
    reference: Reference

    def __str__(self) -> str:
        return self.molecule.name


def score_oracle(
    dataset: Store,
    target: Target,
    frames: int | None = FRAMES,
    reference: str | None = None,
    engine: Engine | None = None,
    listener: Callable[[str, float], None] = lambda molecule, fraction: None,
) -> OracleScore:
    """Compose the OOD molecules of a split from training molecules, and compare with the labels.

    Parameters
    ----------
    dataset
        Data set whose OOD molecules are composed.
    target
        Split of the data set with its frames (``split_dataset``).
    frames
        Most frames of each molecule, evenly spread; None for all.
    reference
        Name of the reference that labels the pieces, where it is code, such as
        ``tblite.ase:TBLite``; that of the data set by default.
    engine
        Where the molecules are composed; this process by default.
    listener
        Hears of each molecule that is done, and of the share that is done.

    Returns
    -------
    OracleScore
        The errors in meV/Angstrom and meV/atom, of all molecules and of each, and the names of the
        molecules that no sum of training molecules is.

    Raises
    ------
    RequestError
        The reference cannot be used here.
    DataError
        It does not give the labels that the data set has.
    CoverageError
        No OOD molecule is a sum of training molecules.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "recombination", level=3)
    >>> oracle = mc.score_oracle(dataset, target, frames=1)
    >>> len(oracle.molecules), oracle.without
    (45, ())
    >>> 3 < oracle.forces_mae.value < 4  # meV/Angstrom
    True
    """
    training = [dataset.molecules[name] for name in target.split.train]
    decompositions = {
        name: decompose(dataset.molecules[name], training) for name in target.split.ood
    }
    found = {name: parts for name, parts in decompositions.items() if parts is not None}
    if not found:
        raise CoverageError(
            f"OOD molecules of {target.split.task}, level {target.level}, that are sums of "
            "training molecules",
            f"none of {len(decompositions)}",
        )
    level_of_theory = reference_of(dataset.header, reference)
    if isinstance(level_of_theory, str):
        raise RequestError(f"a reference that labels pieces as {dataset.name}", level_of_theory)
    chosen = {name: target.selection.ood[name] for name in found}
    if frames is not None:
        chosen = {name: rows[evenly(len(rows), frames)] for name, rows in chosen.items()}
    labelled = {name: dataset.frames(name, PRIMARY, rows) for name, rows in chosen.items()}
    first = next(iter(found))
    _check_reference(dataset.molecules[first], labelled[first], level_of_theory)
    jobs = [
        _Job(dataset.molecules[name], parts, labelled[name].positions, level_of_theory)
        for name, parts in found.items()
    ]
    jobs.sort(key=lambda job: -len(job.decomposition.terms) * job.molecule.n_atoms)
    scores: dict[str, MoleculeScore] = {}
    for done, (job, outcome) in enumerate((engine or InProcess()).run(compose, jobs), 1):
        name = job.molecule.name
        listener(name, done / len(jobs))
        n_frames, n_atoms = job.positions.shape[:2]
        energy, forces = (
            (np.full(n_frames, np.nan), np.full((n_frames, n_atoms, 3), np.nan))
            if isinstance(outcome, Failure)
            else outcome
        )
        comparison = Comparison(
            molecule=job.molecule,
            part="ood",
            reference_energy=labelled[name].energy,
            predicted_energy=energy,
            reference_forces=labelled[name].forces,
            predicted_forces=forces,
            novel=np.zeros(n_atoms, dtype=bool),
        )
        scores[name] = molecule_score(molecule_errors(comparison, "ood", None))
    molecules = tuple(scores[name] for name in found)
    return OracleScore(
        task=target.split.task,
        level=target.level,
        dataset=dataset.name,
        reference=level_of_theory.name,
        forces_mae=_pooled(molecules, "forces_mae"),
        energy_mae_per_atom=_pooled(molecules, "energy_mae_per_atom"),
        molecules=molecules,
        pieces={name: len(parts.terms) for name, parts in found.items()},
        overlaps={name: parts.overlap for name, parts in found.items()},
        without=tuple(name for name, parts in decompositions.items() if parts is None),
    )


def compose(job: _Job) -> tuple[FloatArray, FloatArray]:
    """Return the composed energies (F,), eV, and forces (F, N, 3), eV/Angstrom; NaN on a failure.

    Each piece is labelled from a cold start.
    """
    lengths = _cap_lengths(job.molecule)
    energies = np.zeros(len(job.positions))
    forces = np.zeros(job.positions.shape)
    for frame, positions in enumerate(np.asarray(job.positions, dtype=np.float64)):
        for term in job.decomposition.terms:
            atoms = list(term.atoms)
            caps = [_Cap.on(i, j, positions, lengths[i]) for i, j in term.caps]
            label = job.reference.label(
                np.append(job.molecule.numbers[atoms], np.ones(len(caps), dtype=np.int64)),
                np.concatenate([positions[atoms], *(cap.position[None] for cap in caps)]),
                int(job.molecule.charges[atoms].sum()),
            )
            if isinstance(label, Failure):
                energies[frame], forces[frame] = np.nan, np.nan
                break
            energies[frame] += term.coefficient * label.energy
            forces[frame, atoms] += term.coefficient * label.forces[: len(atoms)]
            for cap, force in zip(caps, label.forces[len(atoms) :], strict=True):
                turned = cap.turn @ force
                forces[frame, cap.kept] += term.coefficient * (force - turned)
                forces[frame, cap.cut_off] += term.coefficient * turned
    return energies, forces


class _Cap(NamedTuple):
    """A hydrogen in the place of an atom that was cut off, at a fixed distance from one kept.

    Attributes
    ----------
    kept, cut_off
        Indices of the two atoms of the bond.
    position : (3,) float64
        Angstrom.
    turn : (3, 3) float64
        How the hydrogen moves with the atom that was cut off: its derivative, symmetric.
    """

    kept: int
    cut_off: int
    position: FloatArray
    turn: FloatArray

    @classmethod
    def on(cls, kept: int, cut_off: int, positions: FloatArray, length: float) -> _Cap:
        """Put a hydrogen on a bond that was cut, ``length`` Angstrom from the atom that is kept."""
        bond = positions[cut_off] - positions[kept]
        distance = float(np.linalg.norm(bond))
        along = bond / distance
        turn = length / distance * (np.eye(3) - np.outer(along, along))
        return cls(kept, cut_off, positions[kept] + length * along, turn)


def _cap_lengths(molecule: Molecule) -> FloatArray:
    """Return the length of a bond of each atom with hydrogen (N,), Angstrom."""
    sums = covalent_sums(np.append(molecule.numbers, 1))
    return np.asarray(STRETCH * sums[-1, :-1])


def _check_reference(molecule: Molecule, frames: Frames, reference: Reference) -> None:
    """Label a frame anew; refuse a reference that gives it other forces than the data set has."""
    label = reference.label(
        molecule.numbers, frames.positions[0].astype(np.float64), molecule.charge, molecule.spin
    )
    if isinstance(label, Failure):
        found = str(label)
    else:
        off = float(np.abs(label.forces - frames.forces[0]).max())
        if off <= SAME_FORCE:
            return
        found = f"forces that differ by up to {off:.3g} eV/Angstrom"
    raise DataError(
        f"the label that the data set has of {molecule.name}/{frames.trajectory} frame "
        f"{frames.indices[0]} from {reference.name}",
        found,
        "The oracle is made with the reference that labelled the data set, in the same settings.",
    )


def _pooled(molecules: Sequence[MoleculeScore], metric: str) -> Interval | None:
    return interval_of(estimate(frame_pool(molecules, METRICS[metric], "ood"), "ood"))
