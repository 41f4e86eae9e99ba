"""The errors of a molecule's frames: from arrays to one value and one weight for each metric."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import DataError
from mlip_compose.core.records import BoolArray, Comparison, FloatArray
from mlip_compose.core.units import EV_IN_MEV
from mlip_compose.evaluation.metric_names import MATCHED

_LARGEST = float(np.finfo(np.float32).max)


@dataclass
class Errors:
    """Values of metrics on one molecule, in the unit of each metric, and the weight of each.

    A weight is the number of errors that a value averages: force components, or frames; where
    errors are weighted, the sum of their weights. Pooling the values over molecules with these
    weights gives the average over all errors.

    The sums that attribute the errors are kept, too, so that each frame is read once.

    Attributes
    ----------
    values, weights
        Value and weight by name of the metric.
    frames
        Number of usable frames F.
    force_sums : (N,) float64
        Sum of the absolute force errors of each atom over frames and components, meV/Angstrom.
    energy_mean, energy_variance
        Mean and variance over the frames of the error of the total energy, meV and meV^2; the
        variance is the mean square about the mean.
    """

    values: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    force_sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    energy_mean: float = 0.0
    energy_variance: float = 0.0

    def add(self, name: str, value: float, weight: float) -> None:
        """Add a metric."""
        self.values[name] = value
        self.weights[name] = weight


def check(comparison: Comparison) -> None:
    """Refuse arrays whose shapes do not fit each other, and labels that are not finite.

    Raises
    ------
    DataError
        An array does not fit; the message names it with its molecule and the right shape.
    """
    where = f"{comparison.molecule.name} ({comparison.part})"
    n_frames, n_atoms = len(comparison.reference_energy), comparison.molecule.n_atoms
    shapes = {
        "reference energies": (comparison.reference_energy, (n_frames,)),
        "predicted energies": (comparison.predicted_energy, (n_frames,)),
        "reference forces": (comparison.reference_forces, (n_frames, n_atoms, 3)),
        "predicted forces": (comparison.predicted_forces, (n_frames, n_atoms, 3)),
        "novel atoms": (comparison.novel, (n_atoms,)),
    }
    if comparison.matching is not None:
        shapes["weights of atoms"] = comparison.matching, (n_atoms,)
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise DataError(f"{name} of {where} of shape {shape}", f"shape {array.shape}")
    for name in ("reference energies", "reference forces"):
        if not np.isfinite(shapes[name][0]).all():
            raise DataError(
                f"finite {name} of {where}",
                "NaN or infinite values",
                "Only a prediction may fail; remove frames without labels from the data set.",
            )


def is_usable(prediction: FloatArray) -> BoolArray:
    """Return where a prediction is a number that float32 can hold: files store it as that.

    NaN, infinities and larger numbers are failures: they say only that the potential broke down.
    """
    usable: BoolArray = np.abs(prediction) <= _LARGEST
    return usable


def usable_frames(comparison: Comparison) -> BoolArray:
    """Return which frames can be compared.

    A frame has failed where its energy or one of its forces is not usable. It is in no average,
    and the failed frames are counted.

    Returns
    -------
    (F,) bool
    """
    energy = is_usable(comparison.predicted_energy)
    return energy & is_usable(comparison.predicted_forces).all(axis=(1, 2))


def frame_errors(comparison: Comparison, offset: float | None) -> Errors:
    """Return the metrics of one molecule's frames.

    With e the error of an energy or of a force component and N the number of atoms: force metrics
    are ``mean |e|`` and ``sqrt(mean e^2)`` over frames, atoms and the three components; energy
    metrics ``mean |e| / N`` over frames, of the error as it is, after ``offset`` was added to the
    prediction, and after the mean of e over the frames was removed. The last needs two frames,
    since of one frame it is zero whatever the prediction.

    Parameters
    ----------
    comparison
        Reference and prediction; frames whose prediction failed are left out.
    offset
        Sum of the per-element offsets of the molecule, eV; None where there are none.

    Returns
    -------
    Errors
        Forces in meV/Angstrom, energies in meV/atom. Only the part ``ood`` has metrics of novel and
        familiar atoms.

    Notes
    -----
    Of the part ``id``, the force error like with like is ``sum w |e| / sum w`` with the weights w
    of its atoms, and absent without weights.
    """
    errors = Errors()
    usable = usable_frames(comparison)
    frames = int(usable.sum())
    if frames == 0:
        return errors
    errors.frames = frames

    force = EV_IN_MEV * np.subtract(
        comparison.predicted_forces[usable], comparison.reference_forces[usable], dtype=np.float64
    )
    absolute = np.abs(force).sum(axis=(0, 2))
    errors.force_sums = absolute
    square = np.square(force).sum(axis=(0, 2))
    subsets = {"": np.ones_like(comparison.novel)}
    if comparison.part == "ood":
        subsets |= {"_novel": comparison.novel, "_familiar": ~comparison.novel}
    for suffix, atoms in subsets.items():
        components = 3 * frames * int(atoms.sum())
        if components:
            mae = float(absolute[atoms].sum()) / components
            rmse = float(np.sqrt(square[atoms].sum() / components))
            errors.add(f"forces_mae{suffix}", mae, components)
            errors.add(f"forces_rmse{suffix}", rmse, components)
    if comparison.part == "ood":
        errors.add(MATCHED, errors.values["forces_mae"], errors.weights["forces_mae"])
    elif comparison.matching is not None and (total := float(comparison.matching.sum())):
        weighted = float((absolute * comparison.matching).sum()) / (3 * frames * total)
        errors.add(MATCHED, weighted, 3 * frames * total)

    energy: NDArray[np.float64] = EV_IN_MEV * np.subtract(
        comparison.predicted_energy[usable], comparison.reference_energy[usable], dtype=np.float64
    )
    n_atoms = comparison.molecule.n_atoms
    errors.energy_mean, errors.energy_variance = float(energy.mean()), float(energy.var())

    def mean(error: NDArray[np.float64]) -> float:
        return float(np.abs(error).mean()) / n_atoms

    errors.add("energy_mae_per_atom", mean(energy), frames)
    if offset is not None:
        errors.add("energy_mae_per_atom_offset", mean(energy + EV_IN_MEV * offset), frames)
    if frames > 1:
        errors.add("energy_mae_per_atom_within", mean(energy - energy.mean()), frames)
    return errors
