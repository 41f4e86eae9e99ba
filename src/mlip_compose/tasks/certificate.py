"""The certificate of a split: its coverage, divergence and sizes, and that nothing leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Final

import numpy as np

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import FrameSelection, Molecule, Split
from mlip_compose.tasks.base import check_not_empty
from mlip_compose.tasks.certificate_schema import (
    Certificate,
    ElementCounts,
    FrameCounts,
    Shift,
    Sizes,
    Unseen,
    UnseenEnvironment,
)
from mlip_compose.tasks.coverage import coverage, environments_of
from mlip_compose.tasks.divergence import (
    ATOM_ALPHA,
    ATOM_RADII,
    COMPOUND_ALPHA,
    COMPOUND_RADII,
    environment_divergence,
)
from mlip_compose.tasks.environments import MAX_RADIUS, environment_labels, rooted_smiles
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE
from mlip_compose.tasks.leaks import FrameSource, shared_frames, shared_molecules

__all__ = ["Certificate", "certify"]

MAX_EXAMPLES: Final = 12
"""Number of unseen environments that a certificate shows; it counts all."""


def certify(
    split: Split,
    molecules: Iterable[Molecule],
    selection: FrameSelection | None = None,
    frames: FrameSource | None = None,
) -> Certificate:
    """Certify a split.

    Nothing in a certificate depends on how the atoms of a molecule are numbered.

    Parameters
    ----------
    split
        Names of the molecules that are trained on and tested on.
    molecules
        Molecules, those of the split among them.
    selection, frames
        The frames of each part of the split, and a function ``frames(molecule, trajectory,
        indices)`` that returns them; both or neither. With them the certificate is about these
        frames: a training molecule without a training frame does not count as seen.

    Raises
    ------
    CoverageError
        The split trains and has no training molecule, it has no OOD molecule, or ``molecules``
        lacks a molecule of the split.
    """
    if (selection is None) != (frames is None):
        raise TypeError("certify takes both selection and frames, or neither")
    by_name = {molecule.name: molecule for molecule in molecules}
    check_not_empty(split)
    if lacking := [name for name in (*split.train, *split.ood) if name not in by_name]:
        raise CoverageError("every molecule of the split", f"no {', '.join(lacking)}")
    train_names = tuple(
        n for n in split.train if selection is None or len(selection.train.get(n, ()))
    )
    train = [by_name[name] for name in train_names]
    ood = [by_name[name] for name in split.ood]

    covered = coverage(train, ood)
    leaks = shared_molecules(train, ood)
    counts = force_magnitude = None
    if selection is not None and frames is not None:
        leaks += shared_frames(by_name, selection, frames)
        counts = _frame_counts(selection)
        force_magnitude = _force_shift(selection, frames) if selection.id else None
    atom_radii, compound_radii = (ATOM_RADII, COMPOUND_RADII) if train else ((), ())
    return Certificate(
        task=split.task,
        level=split.level,
        coverage_radius=covered.radius,
        coverage_radii=tuple(range(MAX_RADIUS + 1)),
        coverage=covered.fractions,
        atom_divergence_radii=atom_radii,
        atom_divergence_alpha=ATOM_ALPHA,
        atom_divergence=tuple(
            environment_divergence(train, ood, radius, ATOM_ALPHA) for radius in atom_radii
        ),
        compound_divergence_radii=compound_radii,
        compound_divergence_alpha=COMPOUND_ALPHA,
        compound_divergence=tuple(
            environment_divergence(train, ood, radius, COMPOUND_ALPHA) for radius in compound_radii
        ),
        train_molecules=train_names,
        ood_molecules=split.ood,
        sizes=Sizes(
            train_molecules=len(train),
            ood_molecules=len(ood),
            train_atoms=sum(m.n_atoms for m in train),
            ood_atoms=sum(m.n_atoms for m in ood),
        ),
        elements=ElementCounts(train=_elements(train), ood=_elements(ood)),
        heavy_atoms=_shift(_mean_heavy(train), _mean_heavy(ood), "atoms") if train else None,
        unseen=_unseen(train, ood, covered.radius + 1),
        frames=counts,
        force_magnitude=force_magnitude,
        duplicate_tolerance=None if selection is None else DUPLICATE_TOLERANCE,
        leaks=tuple(leaks),
        held_out=split.frames if selection is not None else "secondary",
    )


def _unseen(train: Sequence[Molecule], ood: Sequence[Molecule], radius: int) -> Unseen:
    seen = environments_of(train, radius)
    atoms: Counter[str] = Counter()
    where: dict[str, tuple[Molecule, int]] = {}
    for molecule in ood:
        for atom, label in enumerate(environment_labels(molecule, radius)):
            if label not in seen:
                atoms[label] += 1
                where.setdefault(label, (molecule, atom))
    most_frequent = sorted(atoms, key=lambda label: (-atoms[label], label))[:MAX_EXAMPLES]
    return Unseen(
        radius=radius,
        count=len(atoms),
        ood_atoms=atoms.total(),
        examples=tuple(
            UnseenEnvironment(
                label=label,
                smiles=rooted_smiles(*where[label], radius),
                molecule=where[label][0].name,
                ood_atoms=atoms[label],
            )
            for label in most_frequent
        ),
    )


def _elements(molecules: Sequence[Molecule]) -> dict[str, int]:
    from rdkit.Chem import GetPeriodicTable

    counts = Counter(number for m in molecules for number in m.numbers.tolist())
    return {GetPeriodicTable().GetElementSymbol(z): counts[z] for z in sorted(counts)}


def _mean_heavy(molecules: Sequence[Molecule]) -> float:
    return fmean(m.n_heavy for m in molecules)


def _shift(id_mean: float, ood_mean: float, unit: str) -> Shift:
    return Shift(id=id_mean, ood=ood_mean, shift=ood_mean - id_mean, unit=unit)


def _frame_counts(selection: FrameSelection) -> FrameCounts:
    counts: Counter[str] = Counter()
    for part, _, _, indices in selection.wanted():
        counts[part] += len(indices)
    return FrameCounts(
        train=counts["train"],
        validation=counts["validation"],
        id=counts["id"],
        ood=counts["ood"],
    )


def _force_shift(selection: FrameSelection, frames: FrameSource) -> Shift:
    total = {"id": 0.0, "ood": 0.0}
    number = {"id": 0, "ood": 0}
    for part, name, trajectory, indices in selection.wanted():
        if part in ("id", "ood"):
            forces = frames(name, trajectory, indices).forces.astype(float)
            total[part] += float(np.linalg.norm(forces, axis=2).sum())
            number[part] += forces.shape[0] * forces.shape[1]
    return _shift(total["id"] / number["id"], total["ood"] / number["ood"], "eV/Angstrom")
