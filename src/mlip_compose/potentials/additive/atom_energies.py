"""Energies of atoms by environment, fitted to the mean energy of each molecule less its terms.

The terms of the force field have no constants. The constants are fitted last, to one number a
molecule. Composition and geometry are thus never fitted against each other: along a homologous
series bond, pair and composition energies are collinear, and a joint fit drifts with chain length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlip_compose.core.records import FloatArray, Frames, Molecule, TrainingSet
from mlip_compose.potentials.additive.terms import find_terms
from mlip_compose.potentials.reference_energies import fit_reference_energies, molecule_means

_LEVELS = ("element", "environment", "surroundings")
_SPREAD = (3.0, 1.0, 0.05)  # eV: standard deviation of the prior of a correction, by level
_NOISE = 0.01  # eV: expected residual of a molecule's mean energy


@dataclass(frozen=True)
class Constants:
    """Energies of atoms: the energy of the element, plus corrections for the environment.

    Attributes
    ----------
    elements
        Atomic number to energy, eV, for every element of the training molecules.
    corrections
        ``level label``, such as ``element C``, to energy, eV. A label that did not occur in
        training adds nothing.
    """

    elements: Mapping[int, float]
    corrections: Mapping[str, float]

    def energy(self, molecule: Molecule) -> float:
        """Return the sum over the atoms of a molecule, eV."""
        total = sum(self.elements[z] for z in molecule.numbers.tolist())
        counts = _count(molecule)
        return total + sum(self.corrections.get(name, 0.0) * n for name, n in counts.items())


def fit_constants(
    data: TrainingSet,
    predict: Callable[[Molecule, FloatArray], tuple[FloatArray, FloatArray]],
) -> Constants:
    """Fit the constants to mean training energies less those of ``predict``, one a molecule.

    Parameters
    ----------
    data
        Training set; only its training frames are used.
    predict
        Function that returns energies (F,), eV, and forces (F, N, 3), eV/Angstrom, of the terms for
        a molecule and positions (F, N, 3), Angstrom.
    """
    elements = fit_reference_energies(data)

    def residual(frames: Frames) -> FloatArray:
        molecule = data.molecules[frames.molecule]
        composition = sum(elements[z] for z in molecule.numbers.tolist())
        energies, _ = predict(molecule, frames.positions)
        return frames.energy - energies - composition

    molecules, means = molecule_means(data, residual)
    counts = [_count(molecule) for molecule in molecules]
    columns = {name: i for i, name in enumerate(dict.fromkeys(x for c in counts for x in c))}
    design = np.zeros((len(counts), len(columns)))
    for row, count in enumerate(counts):
        for name, n in count.items():
            design[row, columns[name]] = n
    spread = np.array([_SPREAD[_LEVELS.index(name.split(" ")[0])] for name in columns])
    rows = design * spread / _NOISE
    normal = rows.T @ rows + np.eye(len(columns))
    solution = spread * np.linalg.solve(normal, rows.T @ (means / _NOISE))
    return Constants(elements, dict(zip(columns, solution.tolist(), strict=True)))


def _count(molecule: Molecule) -> Counter[str]:
    """Count each ``level label`` of the atoms; surroundings are not counted for hydrogens."""
    labels = find_terms(molecule).topology.labels
    counts: Counter[str] = Counter()
    for a, element in enumerate(labels.element):
        counts[f"element {element}"] += 1
        counts[f"environment {labels.environment[a]}"] += 1
        if element != "H":
            counts[f"surroundings {labels.surroundings[a]}"] += 1
    return counts
