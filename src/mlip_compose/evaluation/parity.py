"""Predicted against reference values, binned: parity plots of any number of frames in a few kB.

The bins are those of the reference: the same for both axes, for ID and OOD and for all potentials
that are scored on the same frames. What lies beyond them is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.documents import Strict
from mlip_compose.core.packing import pack, unpack
from mlip_compose.core.records import Comparison, FloatArray, TestPart
from mlip_compose.core.units import EV_IN_MEV
from mlip_compose.evaluation.metrics import usable_frames

BINS: Final = 48
SPREAD: Final = 6.0
"""Bins span the reference's values, but no more than so many of their root mean squares."""

Quantity = Literal["forces", "energy_within"]

LABELS: Final[dict[Quantity, tuple[str, str]]] = {
    "forces": ("force component", "eV/Å"),
    "energy_within": ("energy relative to the molecule's mean", "meV/atom"),
}
"""Name of each quantity for people, and its unit."""

_Pairs = tuple[FloatArray, FloatArray]


class Parity(Strict):
    """A histogram of pairs of a reference and a predicted value.

    Both axes have ``bins`` equal bins from ``low`` to ``high``, in ``unit``. ``pairs`` counts all
    pairs, ``overflow`` those outside of the bins. ``counts`` has the rest: unsigned 32-bit
    integers, little-endian, the reference's bin first (row by row), by zlib and base64.
    """

    quantity: Quantity
    label: str
    unit: str
    part: TestPart
    low: float
    high: float
    bins: int
    pairs: int
    overflow: int
    counts: str

    def matrix(self) -> NDArray[np.uint32]:
        """Return the counts by bin of the reference and bin of the prediction."""
        return unpacked(self.counts, self.bins)


def unpacked(counts: str, bins: int) -> NDArray[np.uint32]:
    """Return the counts of a histogram as ``Parity`` keeps them: (bins, bins), reference first."""
    return np.frombuffer(unpack(counts), dtype="<u4").reshape(bins, bins)


def parities(comparisons: Sequence[Comparison]) -> tuple[Parity, ...]:
    """Return a histogram for each quantity and part of the test that has pairs.

    Forces are by component. Energies are per atom, and those of a molecule's frames about their
    mean: the reference's mean for the reference, the prediction's for the prediction. Molecules of
    a single usable frame have none. Frames whose prediction failed are left out.
    """
    pairs: dict[tuple[Quantity, TestPart], list[_Pairs]] = {}
    for comparison in comparisons:
        if comparison.part == "id" or comparison.part == "ood":
            for quantity, pair in _pairs(comparison):
                pairs.setdefault((quantity, comparison.part), []).append(pair)
    histograms = []
    for quantity in LABELS:
        parts = {part: own for (name, part), own in sorted(pairs.items()) if name == quantity}
        limit = _limit([reference for own in parts.values() for reference, _ in own])
        histograms += [_parity(quantity, part, own, limit) for part, own in parts.items()]
    return tuple(histograms)


def _pairs(comparison: Comparison) -> Iterator[tuple[Quantity, _Pairs]]:
    usable = usable_frames(comparison)
    frames = int(usable.sum())
    if frames:
        reference, predicted = comparison.reference_forces, comparison.predicted_forces
        yield "forces", (reference[usable].ravel(), predicted[usable].ravel())
    if frames > 1:
        scale = EV_IN_MEV / comparison.molecule.n_atoms
        energies = (comparison.reference_energy, comparison.predicted_energy)
        a, b = (scale * _centred(energy[usable]) for energy in energies)
        yield "energy_within", (a, b)


def _centred(values: FloatArray) -> NDArray[np.float64]:
    wide = values.astype(np.float64)
    return wide - float(wide.mean())


def _limit(references: Sequence[FloatArray]) -> float:
    """Return the end of the bins on both sides of zero, rounded up to two digits."""
    values = np.concatenate([np.zeros(0), *references]).astype(np.float64)
    if not values.any():
        return 1.0
    widest = min(float(np.abs(values).max()), SPREAD * math.sqrt(float(np.square(values).mean())))
    digit = 10.0 ** (math.floor(math.log10(widest)) - 1)
    return float(f"{math.ceil(widest / digit) * digit:.2g}")


def _parity(quantity: Quantity, part: TestPart, pairs: Sequence[_Pairs], limit: float) -> Parity:
    counts = np.zeros(BINS * BINS, dtype=np.int64)
    total = 0
    for reference, predicted in pairs:
        a, b = (_bins(values, limit) for values in (reference, predicted))
        inside = (a >= 0) & (a < BINS) & (b >= 0) & (b < BINS)
        cells = (a[inside] * BINS + b[inside]).astype(np.int64)
        counts += np.bincount(cells, minlength=BINS * BINS)
        total += len(reference)
    label, unit = LABELS[quantity]
    return Parity(
        quantity=quantity,
        label=label,
        unit=unit,
        part=part,
        low=-limit,
        high=limit,
        bins=BINS,
        pairs=total,
        overflow=total - int(counts.sum()),
        counts=pack(counts.astype("<u4").tobytes()),
    )


def _bins(values: FloatArray, limit: float) -> NDArray[np.float64]:
    """Return the number of the bin of each value; the upper end belongs to the last bin."""
    bins = np.floor((values.astype(np.float64) + limit) * (BINS / (2.0 * limit)))
    bins[values == limit] = BINS - 1
    return bins
