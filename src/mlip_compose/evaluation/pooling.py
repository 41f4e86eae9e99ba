"""The units that the bootstrap resamples, read from a score: error sums and weights of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import SchemaError
from mlip_compose.core.records import TestPart
from mlip_compose.evaluation.metric_names import METRICS, Description
from mlip_compose.evaluation.results import MoleculeScore, ReactionScore


@dataclass(frozen=True, eq=False)
class Pool:
    """The errors of one metric on one part, summed over each independent unit.

    The unit is a molecule; for reactions it is a family, because the reactions of a family share
    molecules.

    Attributes
    ----------
    units
        Names of the U units, sorted.
    sums : (U,) float64
        Sum over the errors e of a unit of ``|e|^power``.
    weights : (U,) float64
        Number of errors in each sum.
    items : (U,) int
        Number of frames, or of reactions, in each sum.
    power
        1 for a mean, 2 for a root mean square.
    unit_kinds
        Which kinds of errors each unit has: ``frames``, or the kinds of its reactions.
    """

    units: tuple[str, ...]
    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    items: NDArray[np.int64]
    power: Literal[1, 2]
    unit_kinds: tuple[frozenset[str], ...]

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds of errors; a ratio of pools of different kinds means nothing."""
        return frozenset().union(*self.unit_kinds)

    def value(self) -> float | None:
        """Return ``(sum of sums / sum of weights)^(1/power)``, or None of an empty pool."""
        if not self.units:
            return None
        return float((self.sums.sum() / self.weights.sum()) ** (1.0 / self.power))

    def only(self, units: Collection[str]) -> Pool:
        """Return the pool of these units alone."""
        keep = [index for index, unit in enumerate(self.units) if unit in units]
        return Pool(
            units=tuple(self.units[index] for index in keep),
            sums=self.sums[keep],
            weights=self.weights[keep],
            items=self.items[keep],
            power=self.power,
            unit_kinds=tuple(self.unit_kinds[index] for index in keep),
        )


def frame_pool(molecules: Collection[MoleculeScore], metric: Description, part: TestPart) -> Pool:
    """Return the pool of a metric of frames, one unit a molecule.

    For the part ``id`` it is the pool of the metric that ``metric`` is set against.

    Raises
    ------
    SchemaError
        A value has no weight.
    """
    name = metric.id_name if part == "id" else metric.name
    power = METRICS[name].power
    chosen = sorted(
        (m for m in molecules if m.part == part and name in m.values), key=lambda m: m.molecule
    )
    if unweighted := [m.molecule for m in chosen if name not in m.weights]:
        raise SchemaError(f"the weight of each {name}", f"none for {', '.join(unweighted)}")
    values = np.array([m.values[name] for m in chosen], dtype=np.float64)
    weights = np.array([m.weights[name] for m in chosen], dtype=np.float64)
    return Pool(
        units=tuple(m.molecule for m in chosen),
        sums=weights * values**power,
        weights=weights,
        items=np.array([m.frames - m.failed_frames for m in chosen], dtype=np.int64),
        power=power,
        unit_kinds=(frozenset({"frames"}),) * len(chosen),
    )


def reaction_pool(
    reactions: Collection[ReactionScore], metric: Description, part: TestPart
) -> Pool:
    """Return the pool of a metric of reactions, one unit a family."""
    predicted_by = f"predicted{metric.name.removeprefix('reaction_mae')}"
    errors: dict[str, list[float]] = {}
    kinds: dict[str, set[str]] = {}
    for reaction in reactions:
        predicted = getattr(reaction, predicted_by)
        if reaction.part == part and predicted is not None:
            errors.setdefault(reaction.family, []).append(abs(predicted - reaction.reference))
            kinds.setdefault(reaction.family, set()).add(reaction.kind)
    units = tuple(sorted(errors))
    numbers = np.array([len(errors[unit]) for unit in units], dtype=np.int64)
    return Pool(
        units=units,
        sums=np.array([sum(errors[unit]) for unit in units], dtype=np.float64),
        weights=numbers.astype(np.float64),
        items=numbers,
        power=metric.power,
        unit_kinds=tuple(frozenset(kinds[unit]) for unit in units),
    )


def pool(
    molecules: Collection[MoleculeScore],
    reactions: Collection[ReactionScore],
    metric: Description,
    part: TestPart,
) -> Pool:
    """Return the pool of any metric."""
    if metric.source == "reactions":
        return reaction_pool(reactions, metric, part)
    return frame_pool(molecules, metric, part)
