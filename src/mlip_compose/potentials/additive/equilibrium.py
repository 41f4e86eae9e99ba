"""Equilibrium values of bonds and angles, by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlip_compose.core.records import FloatArray, TrainingSet
from mlip_compose.potentials.additive.coordinates import measure
from mlip_compose.potentials.additive.terms import Terms, Type, find_terms


@dataclass(frozen=True)
class Equilibrium:
    """Mean over the training frames of each type of bond and angle, at every level of type.

    Attributes
    ----------
    bonds
        Label to mean length, Angstrom.
    angles
        Label to mean cosine of the angle.
    """

    bonds: Mapping[str, float]
    angles: Mapping[str, float]

    def values(self, terms: Terms) -> dict[str, FloatArray]:
        """Return the values of a molecule's bonds and angles, each at its finest known level.

        The value is 0 where no level is known. Every coefficient of such a term is zero too.

        Returns
        -------
        dict
            ``bond`` to lengths (T,), Angstrom, and ``angle`` to cosines (T,).
        """
        return {
            "bond": np.array([_finest(self.bonds, t) for t in terms.bond_types]),
            "angle": np.array([_finest(self.angles, t) for t in terms.angle_types]),
        }


def _finest(values: Mapping[str, float], labels: Type) -> float:
    return next((values[label] for label in reversed(labels) if label in values), 0.0)


def mean_geometry(data: TrainingSet) -> Equilibrium:
    """Average every type of bond and angle over the training frames."""
    bonds: dict[str, list[float]] = {}
    angles: dict[str, list[float]] = {}
    for frames in data.train:
        if not len(frames):
            continue
        terms = find_terms(data.molecules[frames.molecule])
        positions = np.asarray(frames.positions, dtype=np.float64)
        coordinates = measure(terms.topology, positions, ("bond", "angle"))
        _add(bonds, terms.bond_types, coordinates["bond"].values)
        _add(angles, terms.angle_types, coordinates["angle"].values)
    return Equilibrium(_means(bonds), _means(angles))


def _add(sums: dict[str, list[float]], types: Sequence[Type], values: FloatArray) -> None:
    for labels, row in zip(types, values, strict=True):
        total = float(row.sum())
        for label in labels:
            entry = sums.setdefault(label, [0.0, 0.0])
            entry[0] += total
            entry[1] += len(row)


def _means(sums: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {label: total / count for label, (total, count) in sums.items()}
