"""Distances between the minima of the reference and those that potentials relax to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mlip_compose.core.records import TEST_PARTS, Interval, TestPart
from mlip_compose.evaluation.bootstrap import estimate
from mlip_compose.evaluation.pooling import Pool
from mlip_compose.evaluation.results import OfSeed, Score


class Relaxations(OfSeed):
    """The minima that one potential relaxed to, on the molecules of one part of one split.

    ``rmsd`` (Angstrom) is the mean over ``molecules`` molecules of the root-mean-square distance of
    all atoms from the reference's minimum after superposition, None where all relaxations failed;
    ``largest`` is that of the molecule ``largest_of``. ``failed`` has the reasons, by molecule.
    """

    part: TestPart
    unit: str = "Å"
    molecules: int
    rmsd: Interval | None
    largest: float | None
    largest_of: str
    failed: dict[str, str]


def relaxations(scores: Iterable[Score]) -> tuple[Relaxations, ...]:
    """Return the outcome of the relaxations of each score that has any."""
    return tuple(
        _relaxations(score, part)
        for score in scores
        if score.relaxed_rmsd or score.failed_relaxations
        for part in TEST_PARTS
    )


def _relaxations(score: Score, part: TestPart) -> Relaxations:
    names = sorted({m.molecule for m in score.molecules if m.part == part})
    relaxed = [name for name in names if name in score.relaxed_rmsd]
    values = np.array([score.relaxed_rmsd[name] for name in relaxed], dtype=np.float64)
    pool = Pool(
        units=tuple(relaxed),
        sums=values,
        weights=np.ones(len(relaxed)),
        items=np.ones(len(relaxed), dtype=np.int64),
        power=1,
        unit_kinds=(frozenset({"relaxations"}),) * len(relaxed),
    )
    rmsd = estimate(pool, part, score.resamples, score.resampling_seed)
    worst = int(values.argmax()) if relaxed else None
    return Relaxations(
        **score.shared_with(OfSeed),
        part=part,
        molecules=len(relaxed),
        rmsd=None if rmsd is None else rmsd.interval(score.confidence),
        largest=None if worst is None else float(values[worst]),
        largest_of="" if worst is None else relaxed[worst],
        failed={n: score.failed_relaxations[n] for n in names if n in score.failed_relaxations},
    )
