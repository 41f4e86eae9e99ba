"""From reference and prediction to a score: the numbers of one potential on one split."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pydantic import Field

from mlip_compose.core.errors import RequestError
from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import Comparison, TestPart
from mlip_compose.core.rows import PredictedRow
from mlip_compose.evaluation.attribution import MoleculeErrors, attribute
from mlip_compose.evaluation.bootstrap import CONFIDENCE, RESAMPLES, estimates, interval_of
from mlip_compose.evaluation.metric_names import METRICS, NEEDS_ZERO, Description
from mlip_compose.evaluation.metrics import check, frame_errors
from mlip_compose.evaluation.offsets import fit_offsets, total_offset
from mlip_compose.evaluation.parity import parities
from mlip_compose.evaluation.pooling import pool
from mlip_compose.evaluation.reactions import Minimum, score_reactions
from mlip_compose.evaluation.results import (
    Metric,
    MoleculeScore,
    ReactionScore,
    Score,
    other_zero,
)


def molecule_errors(
    comparison: Comparison, part: TestPart, offsets: Mapping[int, float] | None
) -> MoleculeErrors:
    """Return the errors on one molecule's frames.

    Parameters
    ----------
    comparison
        Reference and prediction.
    part
        Part of the comparison.
    offsets
        Per-element offsets, eV by atomic number; None where there are none.
    """
    molecule = comparison.molecule
    offset = None if offsets is None else total_offset(molecule, offsets)
    return MoleculeErrors(
        molecule=molecule,
        part=part,
        novel=comparison.novel,
        compared=len(comparison.reference_energy),
        errors=frame_errors(comparison, offset),
        offset=offset,
        seen_radius=comparison.seen_radius,
    )


def molecule_score(tested: MoleculeErrors, comparable: bool = True) -> MoleculeScore:
    """Return the part of a score that is about one molecule.

    Parameters
    ----------
    tested
        Errors on the molecule's frames of one part.
    comparable
        Whether predicted energies count from the reference's zero; where not, metrics of raw
        energies are left out.
    """
    molecule, errors = tested.molecule, tested.errors
    parts = molecule.parts
    kept = [name for name in errors.values if comparable or name not in NEEDS_ZERO]
    return MoleculeScore(
        molecule=molecule.name,
        family=molecule.family,
        left=parts.left if parts else None,
        chain=parts.chain if parts else None,
        right=parts.right if parts else None,
        part=tested.part,
        frames=tested.compared,
        failed_frames=tested.compared - errors.frames,
        novel_atoms=int(tested.novel.sum()),
        values={name: errors.values[name] for name in kept},
        weights={name: errors.weights[name] for name in kept},
    )


class Header(PredictedRow):
    """What is scored: a row with what its predictions say, and two facts of the data set.

    Attributes
    ----------
    coverage_radius
        r* of the split, as certified.
    relaxed_rmsd
        Distance of each relaxed minimum from the reference's, Angstrom, by molecule.
    """

    coverage_radius: int
    relaxed_rmsd: dict[str, float] = Field(default_factory=dict)


@single_threaded
def score(
    header: Header,
    comparisons: Sequence[Comparison],
    *,
    train: Iterable[str],
    ood: Iterable[str],
    minima: Mapping[str, Minimum] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Score:
    """Score one potential on one split; the order of the comparisons has no effect.

    Parameters
    ----------
    header
        The row that is scored; it travels with the numbers.
    comparisons
        Reference and prediction, at most once for each molecule and part. The part ``train`` serves
        to fit the per-element offsets and nothing else; without it the metrics with offsets are
        None. The part ``validation`` is not used.
    train, ood
        Names of the training and OOD molecules of the split.
    minima
        Relaxed minima by molecule, for the reaction energies; without them those are None.
    resamples, seed
        Number of bootstrap resamples, and the seed of their draws. Scores that are to be compared
        need the same two.

    Returns
    -------
    Score

    Raises
    ------
    RequestError
        A molecule is in both of ``train`` and ``ood``, in the wrong one, or was compared twice.
    DataError
        Arrays do not fit each other, or a reference label is not finite.
    """
    train, ood = frozenset(train), frozenset(ood)
    _check_split(comparisons, train, ood)
    ordered = sorted(comparisons, key=lambda c: (c.part, c.molecule.name))
    offsets = fit_offsets(ordered)
    tested = [
        molecule_errors(comparison, comparison.part, offsets)
        for comparison in ordered
        if comparison.part == "id" or comparison.part == "ood"
    ]
    comparable = not other_zero(header.level_of_theory, header.reference)
    molecules = tuple(molecule_score(errors, comparable) for errors in tested)
    reactions, failed_minima = score_reactions(minima or {}, train, ood, offsets, comparable)
    return Score(
        **header.shared_with(Score),
        train_molecules=len(train),
        resamples=resamples,
        resampling_seed=seed,
        confidence=CONFIDENCE,
        metrics=tuple(_metric(d, molecules, reactions, resamples, seed) for d in METRICS.values()),
        molecules=molecules,
        failed_frames=sum(molecule.failed_frames for molecule in molecules),
        reactions=reactions,
        failed_minima=failed_minima,
        energy_offsets=offsets,
        attribution=attribute(tested, resamples, seed, comparable),
        parity=parities(ordered),
    )


def _check_split(
    comparisons: Sequence[Comparison], train: frozenset[str], ood: frozenset[str]
) -> None:
    if both := sorted(train & ood):
        raise RequestError("disjoint training and OOD molecules", f"in both: {', '.join(both)}")
    seen: set[tuple[str, str]] = set()
    for comparison in comparisons:
        name, part = comparison.molecule.name, comparison.part
        if name not in (ood if part == "ood" else train):
            role = "an OOD" if part == "ood" else "a training"
            raise RequestError(f"{role} molecule for the part {part!r}", name)
        if (name, part) in seen:
            raise RequestError(
                "one comparison for each molecule and part", f"two of {name} ({part})"
            )
        seen.add((name, part))
        check(comparison)


def _metric(
    description: Description,
    molecules: Collection[MoleculeScore],
    reactions: Collection[ReactionScore],
    resamples: int,
    seed: int,
) -> Metric:
    id_pool = pool(molecules, reactions, description, "id")
    ood_pool = pool(molecules, reactions, description, "ood")
    quantities = estimates(id_pool, ood_pool, resamples, seed)
    return Metric(
        name=description.name,
        **description.words,
        id=interval_of(quantities.id),
        ood=interval_of(quantities.ood),
        gap=interval_of(quantities.gap),
        id_frames=int(id_pool.items.sum()),
        ood_frames=int(ood_pool.items.sum()),
        id_molecules=len(id_pool.units),
        ood_molecules=len(ood_pool.units),
    )
