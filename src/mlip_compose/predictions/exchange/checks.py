"""Checks of imported numbers: predictions and no labels, total energies and forces, in eV.

A bad potential is data and no error. Numbers are refused only where another quantity or unit agrees
with the labels, and they as they stand do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import FloatArray
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS

SAME_ENERGY: Final = 1e-6  # eV
SAME_FORCE: Final = 1e-6  # eV/Angstrom; what is left of eight written decimals and of float32
SHIFTED: Final = 0.8
"""Least correlation of forces with the labels of the frame beside, where frames are shifted."""
SHIFTED_BY: Final = 0.2
"""The correlation with the labels of their own frame is then less by more than this."""
CORRELATION: Final = 0.95
"""Least correlation of predictions and labels at which their ratio shows a unit."""
NEAR: Final = 1.1
"""Largest factor between the ratio of predictions to labels and the ratio of two units."""
TELLING: Final = 4.0
"""Units nearer to the right one than this factor are not looked for: eV/Bohr and Hartree/nm, which
nobody uses and a potential that is too soft resembles."""
OPPOSITE: Final = -0.5
"""Correlation with labelled forces below which forces have the opposite sign; a potential that has
learned nothing is near 0."""
FAR_BETTER: Final = 0.02
"""Energies are per atom where multiplied by the number of atoms they are so much nearer to the
labels."""
FEWEST: Final = 8
"""Least number of values from which a ratio is taken."""


class LabelledPredictions(NamedTuple):
    """Predictions that did not fail, with their labels: F frames of one molecule and trajectory.

    Attributes
    ----------
    predicted_energy, energy : (F,) float
        eV.
    predicted_forces, forces : (F, N, 3) float
        eV/Angstrom.
    """

    predicted_energy: FloatArray
    energy: FloatArray
    predicted_forces: FloatArray
    forces: FloatArray


class Agreement(NamedTuple):
    """How predicted values follow the labels.

    Attributes
    ----------
    slope
        Slope of the line of predictions against labels, through the origin.
    correlation
        Correlation about zero, -1 to 1.
    """

    slope: float
    correlation: float


def refuse_labels(pairs: Sequence[LabelledPredictions]) -> None:
    """Refuse labels that were taken for predictions.

    Raises
    ------
    RequestError
        All energies, or all forces, are those of the data set.
    """
    if not any(len(pair.energy) for pair in pairs):
        return
    are_same = {
        "energies": all(
            np.allclose(pair.predicted_energy, pair.energy, rtol=1e-12, atol=SAME_ENERGY)
            for pair in pairs
        ),
        "forces": all(
            np.allclose(pair.predicted_forces, pair.forces, rtol=1e-6, atol=SAME_FORCE)
            for pair in pairs
        ),
    }
    if any(are_same.values()):
        names = " and ".join(name for name, is_same in are_same.items() if is_same)
        raise RequestError(
            "predictions",
            f"the labels of the data set: {names} are the same in every frame",
            "Name the keys of the predictions with --energy-key and --forces-key.",
        )


def refuse_gradients(pairs: Sequence[LabelledPredictions]) -> None:
    """Refuse gradients under the name of forces, in whatever unit.

    Raises
    ------
    RequestError
        Forces go against those of the labels.
    """
    measured = _forces_agreement(pairs)
    if measured is not None and measured.correlation < OPPOSITE:
        raise RequestError(
            "forces, the negative gradients of the energy",
            f"{abs(measured.slope):.4g} times the labels with the opposite sign (correlation "
            f"{measured.correlation:.3f})",
            "Add --forces-are gradients, which changes the sign; or, where they are right as they "
            "are, --forces-are forces.",
        )


def refuse_per_atom(pairs: Sequence[LabelledPredictions]) -> None:
    """Refuse energies per atom, in whatever unit, as far as the labels show it.

    They show it where energies times the number of atoms are far nearer to the labels, over
    molecules of different sizes; or follow the labels within molecules in a unit, while energies as
    they stand do so in none.

    Raises
    ------
    RequestError
        Energies are per atom.
    """
    total, per_atom = _energies_agreement(pairs, False), _energies_agreement(pairs, True)
    if total is None or per_atom is None:
        return
    sizes = {_size(pair) for pair in pairs if len(pair.energy)}
    far, near = (_distance(pairs, times) for times in (False, True))
    is_nearer = len(sizes) > 1 and near < FAR_BETTER * far
    follows = _is_unit(per_atom, ENERGY_UNITS) and not _is_unit(total, ENERGY_UNITS)
    if not (is_nearer or follows):
        return
    raise RequestError(
        "total energies",
        f"energies per atom: times the number of atoms they are {near:.4g} eV off the labels, and "
        f"{far:.4g} eV as they stand (rms); within molecules they change {per_atom.slope:.3g} and "
        f"{total.slope:.3g} times as the labels",
        "Add --energies-are per-atom, which multiplies by the number of atoms; or, where they are "
        "right as they are, --energies-are total.",
    )


def refuse_shift(pairs: Sequence[LabelledPredictions]) -> None:
    """Refuse predictions that are those of the frames before or after their own.

    Raises
    ------
    RequestError
        Forces follow the labels of the next or the last frame, and not their own.
    """
    pairs = [pair for pair in pairs if len(pair.energy) > 1]

    def follows(step: int) -> float:
        early, late = slice(None, -1), slice(1, None)
        own, other = (early, late) if step > 0 else (late, early)
        if step == 0:
            own = other = slice(None)
        measured = agreement(
            [pair.predicted_forces[own].ravel() for pair in pairs],
            [pair.forces[other].ravel() for pair in pairs],
        )
        return 0.0 if measured is None else abs(measured.correlation)

    own_frame = follows(0)
    for step, word in ((1, "next"), (-1, "last")):
        beside = follows(step)
        if beside > SHIFTED and beside - own_frame > SHIFTED_BY:
            raise RequestError(
                "the predictions of each frame under its own index",
                f"forces that follow the labels of the {word} frame (correlation {beside:.3f}) and "
                f"not of their own (correlation {own_frame:.3f}): the frames are shifted by one",
                "Count frames from 0, and write the predictions of each one beside its index.",
            )


def refuse_units(
    pairs: Sequence[LabelledPredictions], energy_unit: str | None, force_unit: str | None
) -> None:
    """Refuse numbers in other units than eV and eV/Angstrom, as far as the labels show it.

    Energies are compared within each molecule, so that their zero makes no difference.

    Parameters
    ----------
    pairs
        Predictions with their labels.
    energy_unit, force_unit
        Units that the user states; numbers of a stated unit are not checked.

    Raises
    ------
    RequestError
        Names the unit that the numbers are in.
    """
    if force_unit is None:
        forces = _forces_agreement(pairs)
        _refuse("forces", "eV/Angstrom", forces, FORCE_UNITS, "--force-unit")
    if energy_unit is None:
        energies = _energies_agreement(pairs, False)
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
    quantity: str,
    expected: str,
    measured: Agreement | None,
    units: Mapping[str, float],
    option: str,
) -> None:
    """Raise RequestError where the slope is the ratio of another unit to the expected one."""
    if measured is None or abs(measured.correlation) < CORRELATION:
        return
    size = abs(measured.slope)
    unit = _nearest(size, expected, units)
    if abs(np.log(size * units[unit])) > np.log(NEAR):
        return
    ratio = f"{size:.4g} times the labels (correlation {abs(measured.correlation):.3f})"
    keep = f"or, where they are right as they are, add {option} {expected!r}"
    if unit != expected:
        raise RequestError(
            f"{quantity} in {expected}", f"{ratio}, as in {unit}", f"Add {option} {unit!r}; {keep}."
        )


def _nearest(size: float, expected: str, units: Mapping[str, float]) -> str:
    """Return the unit whose ratio to the expected one is nearest to that of predictions."""
    names = [
        name for name in units if name == expected or abs(np.log(units[name])) > np.log(TELLING)
    ]
    return min(names, key=lambda name: abs(np.log(size * units[name])))


def _is_unit(measured: Agreement, units: Mapping[str, float]) -> bool:
    """Whether energies follow the labels closely, in some unit."""
    nearest = units[_nearest(abs(measured.slope), "eV", units)]
    off = abs(np.log(abs(measured.slope) * nearest))
    return measured.correlation >= CORRELATION and bool(off <= np.log(NEAR))


def _forces_agreement(pairs: Sequence[LabelledPredictions]) -> Agreement | None:
    return agreement(
        [pair.predicted_forces.ravel() for pair in pairs], [pair.forces.ravel() for pair in pairs]
    )


def _energies_agreement(pairs: Sequence[LabelledPredictions], per_atom: bool) -> Agreement | None:
    """Compare energies within molecules, so that their zero makes no difference."""
    return agreement(
        [_centred(pair.predicted_energy) * (_size(pair) if per_atom else 1) for pair in pairs],
        [_centred(pair.energy) for pair in pairs],
    )


def _distance(pairs: Sequence[LabelledPredictions], per_atom: bool) -> float:
    """Return how far energies are from the labels, root mean square over frames, eV."""
    off = [pair.predicted_energy * (_size(pair) if per_atom else 1) - pair.energy for pair in pairs]
    return float(np.sqrt(np.mean(np.concatenate(off) ** 2)))


def _size(pair: LabelledPredictions) -> int:
    """Return the number of atoms."""
    return int(pair.forces.shape[1])


def _centred(energy: FloatArray) -> FloatArray:
    return energy - energy.mean() if len(energy) else energy
