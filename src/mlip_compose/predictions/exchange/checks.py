"""Are foreign numbers what they are taken for: predictions, in eV and eV/Angstrom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import FloatArray
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS

SAME_ENERGY: Final = 1e-6  # eV
SAME_FORCE: Final = 1e-6  # eV/Angstrom; what is left of eight written decimals and of float32
CORRELATION: Final = 0.95
"""Least correlation of predictions and labels at which their ratio says a unit."""
NEAR: Final = 1.1
"""A ratio is that of a unit where it is off by this factor at most."""
TELLING: Final = 4.0
"""Units nearer to the right one than this factor are not looked for: eV/Bohr and Hartree/nm, which
nobody uses and a potential that is too soft resembles."""
FEWEST: Final = 8
"""Values from which a ratio is taken."""


class Agreement(NamedTuple):
    """How predicted values follow the labels: slope of a line through the origin, correlation."""

    slope: float
    correlation: float


class Compared(NamedTuple):
    """Predictions that did not fail beside their labels, frames of one molecule and trajectory."""

    predicted_energy: FloatArray
    energy: FloatArray
    predicted_forces: FloatArray
    forces: FloatArray


def refuse_labels(compared: Sequence[Compared]) -> None:
    """Refuse labels that were taken for predictions.

    Raises
    ------
    RequestError
        All energies, or all forces, are those of the data set.
    """
    if not any(len(each.energy) for each in compared):
        return
    same = {
        "energies": all(
            np.allclose(each.predicted_energy, each.energy, rtol=1e-12, atol=SAME_ENERGY)
            for each in compared
        ),
        "forces": all(
            np.allclose(each.predicted_forces, each.forces, rtol=1e-6, atol=SAME_FORCE)
            for each in compared
        ),
    }
    if any(same.values()):
        what = " and ".join(name for name, is_same in same.items() if is_same)
        raise RequestError(
            "predictions",
            f"the labels of the data set: {what} are the same in every frame",
            "Name the keys of the predictions with --energy-key and --forces-key.",
        )


def refuse_units(
    compared: Sequence[Compared], energy_unit: str | None, force_unit: str | None
) -> None:
    """Refuse numbers in other units than eV and eV/Angstrom, as far as the labels tell.

    Energies are compared within each molecule, so that their zero makes no difference. A unit that
    was stated is taken at its word.

    Raises
    ------
    RequestError
        Names the unit that the numbers are in.
    """
    if force_unit is None:
        forces = agreement(
            [each.predicted_forces.ravel() for each in compared],
            [each.forces.ravel() for each in compared],
        )
        _refuse("forces", "eV/Angstrom", forces, FORCE_UNITS, "--force-unit")
    if energy_unit is None:
        energies = agreement(
            [_centred(each.predicted_energy) for each in compared],
            [_centred(each.energy) for each in compared],
        )
        _refuse("energies", "eV", energies, ENERGY_UNITS, "--energy-unit")


def agreement(predicted: Sequence[FloatArray], labels: Sequence[FloatArray]) -> Agreement | None:
    """Compare values that have a zero in common; None where there are too few, or all are zero."""
    x = np.concatenate(labels, dtype=np.float64) if labels else np.empty(0)
    y = np.concatenate(predicted, dtype=np.float64) if predicted else np.empty(0)
    if len(x) < FEWEST or not x.any() or not y.any():
        return None
    xy, xx, yy = float(x @ y), float(x @ x), float(y @ y)
    return Agreement(xy / xx, xy / np.sqrt(xx * yy))


def _refuse(
    what: str,
    wanted: str,
    found: Agreement | None,
    units: Mapping[str, float],
    option: str,
) -> None:
    if found is None or abs(found.correlation) < CORRELATION:
        return
    size = abs(found.slope)
    told = [name for name in units if name == wanted or abs(np.log(units[name])) > np.log(TELLING)]
    unit = min(told, key=lambda name: abs(np.log(size * units[name])))
    if abs(np.log(size * units[unit])) > np.log(NEAR):
        return
    found_as = f"{size:.4g} times the labels (correlation {abs(found.correlation):.3f})"
    keep = f"or, where they are right as they are, add {option} {wanted!r}"
    if unit != wanted:
        raise RequestError(
            f"{what} in {wanted}", f"{found_as}, as in {unit}", f"Add {option} {unit!r}; {keep}."
        )
    if what == "forces" and found.slope < 0:
        raise RequestError(
            "forces, the negative gradients of the energy",
            f"{found_as} with the opposite sign",
            f"Change the sign; {keep}.",
        )


def _centred(energy: FloatArray) -> FloatArray:
    return energy - energy.mean() if len(energy) else energy
