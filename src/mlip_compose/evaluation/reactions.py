"""Reaction energies from relaxed minima: classical group additivity.

Two kinds, with R = (CH2)n:

- ``exchange``: X-R-Y + H-R-H -> X-R-H + H-R-Y. Bonds and groups are the same on both sides, so its
  energy would be zero if groups were perfectly additive (Benson and Buss, J. Chem. Phys. 29, 546,
  1958); the reference value says how far they are from it.
- ``increment``: E(n+1) - E(n) of each series X-(CH2)n-Y: the energy of one more CH2, which hardly
  depends on X, Y and n. It is no balanced reaction: a potential whose energies count from another
  zero than the labels' is off by that difference, unless per-element offsets are added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np

from mlip_compose.core.records import Molecule, Parts
from mlip_compose.core.units import EV_IN_KCAL_PER_MOL
from mlip_compose.evaluation.metrics import is_usable
from mlip_compose.evaluation.offsets import total_offset
from mlip_compose.evaluation.results import ReactionScore

HYDROGEN = "H"


class Minimum(NamedTuple):
    """The relaxed minimum of a molecule.

    Attributes
    ----------
    molecule
        The molecule.
    reference, predicted
        Energy by the reference and by the potential, eV; NaN where the prediction failed.
    relaxed
        Predicted energy of the minimum that the potential itself relaxes to, eV; NaN where the
        relaxation failed, None where it was not tried.
    """

    molecule: Molecule
    reference: float
    predicted: float
    relaxed: float | None = None


class Reaction(NamedTuple):
    """A reaction: its molecules with their stoichiometric coefficients (negative: consumed)."""

    kind: Literal["exchange", "increment"]
    name: str
    family: str
    chain: int
    participants: tuple[tuple[Parts, int], ...]

    def energy(self, energies: Mapping[Parts, float]) -> float:
        """Return the reaction energy, in the unit of ``energies``."""
        return sum(coefficient * energies[parts] for parts, coefficient in self.participants)


def enumerate_reactions(molecules: Collection[Molecule]) -> Iterator[Reaction]:
    """Yield every exchange and every increment whose participants are all among the molecules.

    Molecules that are in no series take part in none.

    Their order is that of the molecules' parts, whatever the order of ``molecules``.
    """
    by_parts = {m.parts: m for m in molecules if m.parts is not None}
    for parts in sorted(by_parts):
        molecule = by_parts[parts]
        left, chain, right = parts
        longer = Parts(left, chain + 1, right)
        if longer in by_parts:
            yield Reaction(
                "increment",
                f"{parts.name} -> {longer.name}",
                molecule.family,
                chain,
                ((parts, -1), (longer, 1)),
            )
        alkane, first, second = (Parts(x, chain, HYDROGEN) for x in (HYDROGEN, left, right))
        if not molecule.is_monofunctional and {alkane, first, second} <= by_parts.keys():
            yield Reaction(
                "exchange",
                f"{parts.name} + {alkane.name} -> {first.name} + {second.name}",
                molecule.family,
                chain,
                ((parts, -1), (alkane, -1), (first, 1), (second, 1)),
            )


def score_reactions(
    minima: Mapping[str, Minimum],
    train: Collection[str],
    ood: Collection[str],
    offsets: Mapping[int, float] | None,
    comparable: bool = True,
) -> tuple[tuple[ReactionScore, ...], tuple[str, ...]]:
    """Compare the reaction energies of a split.

    A reaction tests the part ``ood`` where at least one participant is an OOD molecule; the others
    are training or OOD molecules. It tests ``id`` where all are training molecules.

    Parameters
    ----------
    minima
        Relaxed minima by name of the molecule.
    train, ood
        Names of the training and OOD molecules; minima of others are not used.
    offsets
        Per-element offsets in eV, fitted on training labels, or None.
    comparable
        Whether predicted energies count from the reference's zero; where not, increments are
        predicted with offsets alone.

    Returns
    -------
    reactions
        Energies in kcal/mol.
    failed
        Names of the molecules without a finite predicted energy; their reactions are left out.
    """
    used = {name: minimum for name, minimum in minima.items() if name in train or name in ood}
    failed = tuple(
        sorted(name for name, m in used.items() if not is_usable(np.asarray(m.predicted)))
    )
    parts = {name: m.molecule.parts for name, m in used.items() if m.molecule.parts is not None}
    good = {parts[name]: used[name] for name in parts if name not in failed}
    shifts = {p: total_offset(m.molecule, offsets or {}) for p, m in good.items()}
    reference = {p: m.reference for p, m in good.items()}
    predicted = {p: m.predicted for p, m in good.items()}
    relaxed = {
        p: m.relaxed
        for p, m in good.items()
        if m.relaxed is not None and is_usable(np.asarray(m.relaxed))
    }
    ood_parts = {p for name, p in parts.items() if name in ood}
    scores = []
    for reaction in enumerate_reactions([m.molecule for m in good.values()]):
        is_ood = any(participant in ood_parts for participant, _ in reaction.participants)
        bare = comparable or reaction.kind == "exchange"
        scores.append(
            ReactionScore(
                name=reaction.name,
                kind=reaction.kind,
                family=reaction.family,
                chain=reaction.chain,
                part="ood" if is_ood else "id",
                reference=EV_IN_KCAL_PER_MOL * reaction.energy(reference),
                predicted=_shifted(reaction, predicted, {}) if bare else None,
                predicted_offset=None if offsets is None else _shifted(reaction, predicted, shifts),
                predicted_relaxed=_shifted(reaction, relaxed, {}) if bare else None,
                predicted_relaxed_offset=(
                    None if offsets is None else _shifted(reaction, relaxed, shifts)
                ),
            )
        )
    return tuple(scores), failed


def _shifted(
    reaction: Reaction, energies: Mapping[Parts, float], shifts: Mapping[Parts, float]
) -> float | None:
    """Return a reaction energy in kcal/mol, None where a participant has none."""
    if any(parts not in energies for parts, _ in reaction.participants):
        return None
    shifted = {p: energies[p] + shifts.get(p, 0.0) for p, _ in reaction.participants}
    return EV_IN_KCAL_PER_MOL * reaction.energy(shifted)
