"""How far the reference is from group additivity, and potentials from the reference.

If groups were perfectly additive (Benson and Buss, J. Chem. Phys. 29, 546, 1958), every exchange
X-R-Y + H-R-H -> X-R-H + H-R-Y would have the energy zero, and every CH2 increment E(n+1) - E(n) the
same. The reference is neither: what is left is through-space and through-bond interaction of the
end groups. No potential should be asked for more than the reference itself fulfils, and one whose
errors are as large as these deviations has not learned them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import TEST_PARTS, Interval, Molecule, TestPart
from mlip_compose.core.units import EV_IN_KCAL_PER_MOL
from mlip_compose.evaluation.bootstrap import CONFIDENCE, RESAMPLES, estimate
from mlip_compose.evaluation.metric_names import REACTION_UNIT
from mlip_compose.evaluation.pooling import Pool
from mlip_compose.evaluation.reactions import enumerate_reactions
from mlip_compose.evaluation.results import OfSeed, Score

Kind = Literal["exchange", "increment"]

KINDS: Final[tuple[Kind, ...]] = ("exchange", "increment")

PREDICTED: Final = (
    "predicted",
    "predicted_offset",
    "predicted_relaxed",
    "predicted_relaxed_offset",
)
"""The fields of ``ReactionScore`` that can have an error."""


class Deviations(Strict):
    """Deviations from perfect additivity, kcal/mol, of some reactions of one kind.

    Of an exchange it is its energy; of an increment its difference from the mean increment.

    ``label`` says of which reactions (``n = 4``, ``OH+F``; empty for all), ``count`` how many;
    ``mean_absolute`` has the interval of a bootstrap over families. ``largest`` is the one of the
    largest size, with its sign, and ``largest_of`` whose it is.
    """

    label: str
    count: int
    mean: float
    mean_absolute: Interval
    sd: float
    largest: float
    largest_of: str


class ReferenceReaction(Strict):
    """The energy of one reaction by the reference, kcal/mol."""

    name: str
    kind: Kind
    family: str
    chain: int
    energy: float


class KindOfReaction(Strict):
    """The deviations of all reactions of a kind, together, by n and by family.

    ``centre`` is the energy of each if groups were perfectly additive: 0 for exchanges, the mean
    increment for increments, kcal/mol.
    """

    kind: Kind
    centre: float
    together: Deviations
    by_chain: tuple[Deviations, ...]
    by_family: tuple[Deviations, ...]


class Additivity(Strict):
    """How far the reference of a data set is from group additivity, at its relaxed minima."""

    dataset: str
    reference: str
    unit: str
    resamples: int
    confidence: float
    kinds: tuple[KindOfReaction, ...]
    reactions: tuple[ReferenceReaction, ...]


class ReactionErrors(OfSeed):
    """The errors of one potential in the energies of one kind of reaction on one part, kcal/mol.

    ``energies`` is the field of ``ReactionScore`` that is compared. ``mae`` has the interval of a
    bootstrap over ``families``, what is resampled; ``largest`` is the error of the largest size.
    """

    kind: Kind
    part: TestPart
    energies: str
    unit: str
    count: int
    families: int
    mae: Interval
    largest: float
    largest_of: str


def reference_additivity(
    dataset: str,
    reference: str,
    minima: Mapping[str, tuple[Molecule, float]],
    resamples: int = RESAMPLES,
) -> Additivity | None:
    """Return how far the relaxed minima of a data set are from group additivity.

    Parameters
    ----------
    dataset, reference
        Name of the data set and its level of theory.
    minima
        Molecules and energies of their relaxed minima in eV, by name.
    resamples
        Number of bootstrap resamples.

    Returns
    -------
    Additivity | None
        None where no reaction has all its participants among the minima.
    """
    energies = {m.parts: energy for m, energy in minima.values() if m.parts is not None}
    reactions = tuple(
        ReferenceReaction(
            name=reaction.name,
            kind=reaction.kind,
            family=reaction.family,
            chain=reaction.chain,
            energy=EV_IN_KCAL_PER_MOL * reaction.energy(energies),
        )
        for reaction in enumerate_reactions([molecule for molecule, _ in minima.values()])
    )
    if not reactions:
        return None
    return Additivity(
        dataset=dataset,
        reference=reference,
        unit=REACTION_UNIT,
        resamples=resamples,
        confidence=CONFIDENCE,
        kinds=tuple(
            _kind(kind, [r for r in reactions if r.kind == kind], resamples)
            for kind in KINDS
            if any(r.kind == kind for r in reactions)
        ),
        reactions=reactions,
    )


def _kind(kind: Kind, reactions: Sequence[ReferenceReaction], resamples: int) -> KindOfReaction:
    centre = 0.0 if kind == "exchange" else float(np.mean([r.energy for r in reactions]))

    def deviations(label: str, chosen: Sequence[ReferenceReaction]) -> Deviations:
        values = np.array([r.energy - centre for r in chosen])
        worst = int(np.abs(values).argmax())
        return Deviations(
            label=label,
            count=len(values),
            mean=float(values.mean()),
            mean_absolute=_mean_absolute([r.family for r in chosen], values, resamples),
            sd=float(values.std()),
            largest=float(values[worst]),
            largest_of=chosen[worst].name,
        )

    def grouped(
        key: Callable[[ReferenceReaction], int | str], label: str
    ) -> tuple[Deviations, ...]:
        keys = sorted({key(r) for r in reactions}, key=lambda k: (isinstance(k, str), k))
        return tuple(deviations(f"{label}{k}", [r for r in reactions if key(r) == k]) for k in keys)

    return KindOfReaction(
        kind=kind,
        centre=centre,
        together=deviations("", reactions),
        by_chain=grouped(lambda r: r.chain, "n = "),
        by_family=grouped(lambda r: r.family, ""),
    )


def reaction_errors(scores: Iterable[Score]) -> tuple[ReactionErrors, ...]:
    """Return the errors of each score by kind of reaction, part and energies, where there are any.

    Exchanges do not depend on per-element offsets, so they have none with offsets.
    """
    return tuple(
        errors
        for score in scores
        for kind in KINDS
        for part in TEST_PARTS
        for energies in PREDICTED
        if not (kind == "exchange" and energies.endswith("offset"))
        if (errors := _errors(score, kind, part, energies)) is not None
    )


def _errors(score: Score, kind: Kind, part: TestPart, energies: str) -> ReactionErrors | None:
    chosen = [
        (reaction, predicted - reaction.reference)
        for reaction in score.reactions
        if (reaction.kind, reaction.part) == (kind, part)
        and (predicted := getattr(reaction, energies)) is not None
    ]
    if not chosen:
        return None
    values = np.array([error for _, error in chosen])
    families = [reaction.family for reaction, _ in chosen]
    worst = int(np.abs(values).argmax())
    return ReactionErrors(
        **score.shared_with(OfSeed),
        kind=kind,
        part=part,
        energies=energies,
        unit=REACTION_UNIT,
        count=len(values),
        families=len(set(families)),
        mae=_mean_absolute(families, values, score.resamples, score.resampling_seed, part),
        largest=float(values[worst]),
        largest_of=chosen[worst][0].name,
    )


def _mean_absolute(
    families: Sequence[str],
    values: NDArray[np.float64],
    resamples: int,
    seed: int = 0,
    part: TestPart = "id",
) -> Interval:
    """Return the mean size of values with the interval of a bootstrap over families."""
    units = sorted(set(families))
    own = {unit: np.abs(values[[family == unit for family in families]]) for unit in units}
    weights = np.array([len(own[unit]) for unit in units])
    pool = Pool(
        units=tuple(units),
        sums=np.array([own[unit].sum() for unit in units]),
        weights=weights.astype(np.float64),
        items=weights.astype(np.int64),
        power=1,
        unit_kinds=(frozenset({"frames"}),) * len(units),
    )
    mean = estimate(pool, part, resamples, seed)
    assert mean is not None  # as there are values
    return mean.interval()
