"""The fitted terms as a table, in physical units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from mlip_compose.core.records import FloatArray
from mlip_compose.potentials.additive.equilibrium import Equilibrium
from mlip_compose.potentials.additive.parameters import Parameters
from mlip_compose.potentials.additive.term_kinds import SCALES, TERM_KINDS, TermKind
from mlip_compose.potentials.additive.terms import Type


@dataclass(frozen=True)
class TermRow:
    """One coefficient of one type of term.

    Attributes
    ----------
    kind, type
        Kind of term, and its finest type with atoms in order.
    equilibrium, equilibrium_unit
        Mean length over training frames, Angstrom, or angle of the mean cosine, degree. None and an
        empty string for terms other than bonds and angles.
    quantity
        Name of the value. ``force constant`` is the second derivative with respect to a bond length
        or an angle at the equilibrium. The others are coefficients of the functions of the kind
        (``basis``), of deviations of lengths and of cosines of angles.
    value, unit
        Value of the quantity, and its unit.
    """

    kind: str
    type: str
    equilibrium: float | None
    equilibrium_unit: str
    quantity: str
    value: float
    unit: str


def list_terms(parameters: Parameters, equilibrium: Equilibrium) -> list[TermRow]:
    """List every coefficient of every type that occurred in training."""
    return [
        row
        for kind in TERM_KINDS
        for labels in sorted(parameters.types.get(kind.name, ()))
        for row in _rows(kind, labels, parameters.of_type(kind.name, labels), equilibrium)
    ]


def _rows(
    kind: TermKind, labels: Type, coefficients: FloatArray, equilibrium: Equilibrium
) -> Iterator[TermRow]:
    centre: float | None = None
    centre_unit = ""
    if kind.name == "bond":
        centre, centre_unit = equilibrium.bonds[labels[-1]], "Angstrom"
        scale = SCALES["bond"]
        stiffness = 2 * float(coefficients[1]) / scale**2
        yield TermRow(
            kind.name, labels[-1], centre, centre_unit, "force constant", stiffness, "eV/Angstrom^2"
        )
    elif kind.name == "angle":
        cosine, scale = equilibrium.angles[labels[-1]], SCALES["angle"]
        centre, centre_unit = math.degrees(math.acos(cosine)), "degree"
        bend = 2 * float(coefficients[1]) * (1 - cosine**2) / scale**2
        stiffness = bend - float(coefficients[0]) * cosine / scale
        yield TermRow(
            kind.name, labels[-1], centre, centre_unit, "force constant", stiffness, "eV/rad^2"
        )
    for k, (quantity, coefficient) in enumerate(zip(kind.quantities, coefficients, strict=True)):
        power = k + 1 if len(kind.coordinates) == 1 else 1
        size = math.prod(SCALES.get(sort, 1.0) for sort in kind.coordinates) ** power
        lengths = kind.coordinates.count("bond") * power
        unit = "eV" if not lengths else "eV/Angstrom" + (f"^{lengths}" if lengths > 1 else "")
        yield TermRow(
            kind.name, labels[-1], centre, centre_unit, quantity, float(coefficient) / size, unit
        )
