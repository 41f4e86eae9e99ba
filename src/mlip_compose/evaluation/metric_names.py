"""Every metric, described once: name, label, unit, aggregation, and how its values are pooled.

A potential that was trained elsewhere, on another level of theory than the reference's, counts
energies from a zero of its own. Of such a potential

- ``energy_mae_per_atom`` is withheld: it would be the distance between two zeros;
- ``reaction_mae`` and ``reaction_mae_relaxed`` are over the exchanges alone, which are balanced in
  elements; a CH2 increment is not. No family has reactions of both kinds on the full set of
  molecules, so the families that are left are judged by the same reactions as for other potentials;
- all others stand: forces and energies within a molecule know no zero, and per-element offsets,
  fitted on training labels only, take it away (where there are no training labels, there are none).

What remains in each number is the potential's error and the difference between two levels of
theory together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from mlip_compose.core.errors import UnknownNameError

Reducer = Literal["mean", "root mean square"]
"""How errors become one number; pooled over molecules with the number of errors as weights."""

Source = Literal["frames", "reactions"]


@dataclass(frozen=True)
class Description:
    """What a metric is.

    Attributes
    ----------
    name
        Name in files, such as ``forces_mae``.
    label
        Name for people.
    unit
        Unit of its values.
    aggregation
        What is averaged over what, in words.
    reducer
        ``mean`` of absolute errors, or ``root mean square`` of errors.
    source
        Whether its errors are those of test frames or of reaction energies.
    id_name
        The metric whose ID errors the gap divides by: its own name, except for the metrics of novel
        and familiar atoms, which exist for OOD frames alone and are set against all atoms of the ID
        frames.
    """

    name: str
    label: str
    unit: str
    aggregation: str
    reducer: Reducer
    source: Source
    id_name: str

    @property
    def words(self) -> dict[str, str]:
        """Label, unit and aggregation, as the records of results have them."""
        return {"label": self.label, "unit": self.unit, "aggregation": self.aggregation}

    @property
    def power(self) -> Literal[1, 2]:
        """The power of an error that is summed: 1 for a mean, 2 for a root mean square."""
        return 1 if self.reducer == "mean" else 2


MATCHED: Final = "forces_mae_matched"
"""The force error whose ID average is over the mix of environments of the OOD frames; its OOD error
is that of ``forces_mae``."""

NOVEL: Final = "forces_mae_novel"
"""The OOD force error on the atoms whose surroundings no training molecule shows."""

FAMILIAR: Final = "forces_mae_familiar"
"""The OOD force error on all other atoms."""

FORCE_UNIT: Final = "meV/Å"
ENERGY_UNIT: Final = "meV/atom"
REACTION_UNIT: Final = "kcal/mol"

_MAE = "mean absolute error"
_COMPONENTS = "over the force components of all atoms of all frames"
_OVER_NOVEL = (
    "OOD: over the force components of the atoms whose environment of radius r* + 1 occurs in no "
    "training molecule; ID: of all atoms"
)
_OVER_FAMILIAR = (
    "OOD: over the force components of the atoms whose environment of radius r* + 1 occurs in "
    "training; ID: of all atoms"
)
_MATCHED = (
    "OOD: over the force components of all atoms; ID: of all atoms, weighted so that environments "
    "of radius r* are as frequent as in the OOD frames"
)
_PER_ATOM = (
    "mean over all frames of the absolute error of the total energy divided by the number of atoms"
)
_REACTIONS = (
    "mean absolute error over the reaction energies of relaxed minima: exchanges "
    "X-R-Y + H-R-H -> X-R-H + H-R-Y and the CH2 increments E(n+1) - E(n)"
)
_OFFSET = "after per-element offsets fitted on training labels only"
_OWN = "each participant relaxed with the potential itself"


def _forces(suffix: str, label: str, over: str) -> tuple[Description, Description]:
    return (
        Description(
            name=f"forces_mae{suffix}",
            label=f"Force MAE{label}",
            unit=FORCE_UNIT,
            aggregation=f"{_MAE} {over}",
            reducer="mean",
            source="frames",
            id_name="forces_mae",
        ),
        Description(
            name=f"forces_rmse{suffix}",
            label=f"Force RMSE{label}",
            unit=FORCE_UNIT,
            aggregation=f"root mean square error {over}",
            reducer="root mean square",
            source="frames",
            id_name="forces_rmse",
        ),
    )


def _mean(name: str, label: str, unit: str, aggregation: str, source: Source) -> Description:
    return Description(name, label, unit, aggregation, "mean", source, name)


_ALL: tuple[Description, ...] = (
    *_forces("", "", _COMPONENTS),
    *_forces("_novel", ", novel atoms", _OVER_NOVEL),
    *_forces("_familiar", ", familiar atoms", _OVER_FAMILIAR),
    _mean(MATCHED, "Force MAE, like with like", FORCE_UNIT, f"{_MAE} {_MATCHED}", "frames"),
    _mean("energy_mae_per_atom", "Energy MAE", ENERGY_UNIT, _PER_ATOM, "frames"),
    _mean(
        "energy_mae_per_atom_offset",
        "Energy MAE, element offsets",
        ENERGY_UNIT,
        f"{_PER_ATOM}, after per-element offsets fitted on training labels only",
        "frames",
    ),
    _mean(
        "energy_mae_per_atom_within",
        "Energy MAE, within a molecule",
        ENERGY_UNIT,
        f"{_PER_ATOM}, after the molecule's mean error is removed",
        "frames",
    ),
    _mean("reaction_mae", "Reaction energy MAE", REACTION_UNIT, _REACTIONS, "reactions"),
    _mean(
        "reaction_mae_offset",
        "Reaction energy MAE, element offsets",
        REACTION_UNIT,
        f"{_REACTIONS}, {_OFFSET}",
        "reactions",
    ),
    _mean(
        "reaction_mae_relaxed",
        "Reaction energy MAE, own minima",
        REACTION_UNIT,
        f"{_REACTIONS}, {_OWN}",
        "reactions",
    ),
    _mean(
        "reaction_mae_relaxed_offset",
        "Reaction energy MAE, own minima, element offsets",
        REACTION_UNIT,
        f"{_REACTIONS}, {_OWN}, {_OFFSET}",
        "reactions",
    ),
)

METRICS: Final[Mapping[str, Description]] = MappingProxyType({d.name: d for d in _ALL})
"""All metrics by name, in the order in which they are reported."""

NEEDS_ZERO: Final = frozenset({"energy_mae_per_atom"})
"""Metrics of frames that mean nothing where energies count from another zero."""


def describe(name: str) -> Description:
    """Return the description of a metric.

    Raises
    ------
    UnknownNameError
        No metric has this name.
    """
    if name not in METRICS:
        raise UnknownNameError("metric", name, METRICS)
    return METRICS[name]
