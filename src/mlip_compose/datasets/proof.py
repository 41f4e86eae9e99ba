"""The proof that energies belong to forces: one gate for every way into a data set.

The claim is a reading (``readings``): units, forces and not gradients, total energies and not those
per atom. It is proved where energy differences are about 1 times the work of the forces, and frames
suffice to see that. It is refuted where they are not; then all other readings are tried, and named
where they explain the numbers. In between nothing can be told.

Notes
-----
Measured by ``benchmarks/proof.py`` on frames of core-v1 drawn at random (GFN2-xTB, 500 K), each
claimed to be in eV and eV/Angstrom. Of 1,000 cases of one molecule (85 were drawn; of 10 molecules
100):

=======================  ====  ====  ====  ====  ====  ====  ======  ======  ======
frames                      3     4     5     6     8    12  20, 40  10 x 2  10 x 3
=======================  ====  ====  ====  ====  ====  ====  ======  ======  ======
right labels proved         0    59   376   600   871   988    1000     950    1000
right labels refuted        0     0     0     0     0     0       0       0       0
opposite sign refuted       0    24    94   282   624   918    1000     950    1000
per atom refuted            0    59   624   906   988  1000    1000     990    1000
wrong labels proved         0     0     0     0     0     0       0       0       0
=======================  ====  ====  ====  ====  ====  ====  ======  ======  ======

What is not refuted is not proved either: there the user has to say what labels are. One frame of
each molecule, and minima alone, tell nothing. Of 30 molecules with two frames each, one case in 950
was refuted falsely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlip_compose.datasets.readings import Reading, slips
from mlip_compose.datasets.recognised_units import (
    LEAST_MARGIN,
    WORST_FIT,
    Fit,
    fit,
    fits,
    is_told,
    recognise,
)
from mlip_compose.datasets.slope import PairSums, slope_of

EXPLAINED: Final = 6.6
"""Largest misfit of a slope that a reading explains: p = 0.01."""
REFUTED: Final = 10.8
"""Least misfit of a slope that a reading does not explain: p = 0.001."""
REFUTED_ALONE: Final = 20.0
"""The same of one molecule among many: p = 8e-6."""
WITHIN: Final = np.log(2.0)
"""A proof leaves no factor of 2 open: the 95 % interval of the slope lies within 1/2 and 2, or the
sizes of forces and energies leave the claim alone."""


@dataclass(frozen=True)
class Proof:
    """What frames say of a claim on their labels.

    Attributes
    ----------
    claim
        The reading that is claimed.
    proved
        True where it is proved, False where it is refuted, None where nothing can be told.
    found
        The measurement, in words.
    explained_by
        Readings that explain the numbers where the claim is refuted, the best first; none where
        no units explain them that people use.
    """

    claim: Reading
    proved: bool | None
    found: str
    explained_by: tuple[Reading, ...] = ()


def prove(sums: Sequence[PairSums], claim: Reading) -> Proof:
    """Hold a claim on labels against the numbers.

    Parameters
    ----------
    sums
        Of the numbers as they are (``slope.pair_sums``).
    claim
        How they are said to be read.
    """
    measured = fit(sums, claim)
    if measured is None:
        return Proof(claim, None, "no two frames of one molecule whose energies and forces differ")
    slope = measured.slope
    found = f"energies change {slope} times as the work of the forces says"
    if abs(slope.correlation) >= 0.5 and slope.misfit >= REFUTED:
        return Proof(claim, False, found, _explaining(sums, claim))
    seen = recognise(sums)
    if seen is not None and measured.measured_misfit > seen.misfit + LEAST_MARGIN:
        return Proof(claim, False, seen.evidence, (seen.reading,))
    for one in sums:
        alone = slope_of([one], claim)
        if alone and abs(alone.correlation) >= 0.5 and alone.misfit >= REFUTED_ALONE:
            found = (
                f"energies of {one.molecule} change {alone} times as the work of the forces says"
            )
            return Proof(claim, False, found, _explaining([one], claim))
    if slope.value > 0 and slope.misfit <= EXPLAINED and is_told(slope):
        low, high = slope.interval
        if max(-np.log(low), np.log(high)) < WITHIN or (seen and seen.reading == claim):
            return Proof(claim, True, found)
    return Proof(claim, None, f"too few frames, or frames too far apart, to tell: {found}")


def divided(sums: Sequence[PairSums]) -> Reading | None:
    """Return the units that numbers were divided by in place of a multiplication, if any.

    It is asked where numbers are of no unit that people use.
    """
    found = [one for one in fits(sums, slips()) if one.misfit <= WORST_FIT]
    return found[0].reading if found and is_told(found[0].slope) else None


def diagnosis(proof: Proof) -> str:
    """Say what refutes a claim: the reading that explains the numbers, and the measurement."""
    if not proof.explained_by:
        return f"{proof.found}: off by a factor that no unit, sign or number of atoms explains"
    names = " or ".join(_difference(reading, proof.claim) for reading in proof.explained_by[:3])
    return f"{names}: {proof.found}"


def _difference(reading: Reading, claim: Reading) -> str:
    """Name what a reading has that the claim has not."""
    parts = []
    if reading.gradients != claim.gradients:
        parts.append("forces of the opposite sign" + (", gradients" if reading.gradients else ""))
    if reading.per_atom != claim.per_atom:
        parts.append("energies per atom" if reading.per_atom else "total energies")
    if reading.energy != claim.energy:
        parts.append(f"energies in {reading.energy}")
    if reading.forces != claim.forces:
        parts.append(f"forces in {reading.forces}")
    return " and ".join(parts)


def _explaining(sums: Sequence[PairSums], claim: Reading) -> tuple[Reading, ...]:
    """Return the readings that explain numbers which the claim does not, the best first."""
    candidates = [
        one
        for one in fits(sums)
        if one.slope.misfit <= EXPLAINED and (_same_units(one, claim) or one.misfit <= WORST_FIT)
    ]
    if not candidates:
        return ()
    best = candidates[0].misfit
    return tuple(one.reading for one in candidates if one.misfit < best + LEAST_MARGIN)


def _same_units(one: Fit, claim: Reading) -> bool:
    return (one.reading.energy, one.reading.forces) == (claim.energy, claim.forces)
