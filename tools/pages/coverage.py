"""``docs/coverage.md``: whether a plan pays, and whether a coverage says where errors are.

Its numbers are those of the study ``plan-v1``: scores of ``results/plan-v1``, and the errors of
single atoms that ``tools/atom_errors.py`` took from the predictions.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from scipy.stats import spearmanr
from scipy.stats import t as student

from mlip_compose.core.records import FloatArray, IntArray, Interval
from mlip_compose.report.words import DASH, number, percent, ratio
from pages import published as at
from pages.finding_tables import as_gap, with_limits
from pages.markdown import code, table
from pages.rendering import rendered

STUDY: Final = "plan-v1"
LEVEL: Final = 2
SETS: Final = {
    "plan-r1": "core molecules and the plan of R = 1",
    "plan-r2": "core molecules and the plan of R = 2",
    "plan-r3": "core molecules and the plan of R = 3",
    "random-fragments": "core molecules and random fragments of the targets, of the sizes of R = 2",
    "random-molecules": "core molecules and random molecules of a public list, of the same sizes",
    "core-alone": "core molecules",
}
"""What each training set has, in words."""
POTENTIALS: Final = ("composition", "additive", "mace-small", "ani-2x:fine-tuned")
LEARNED: Final = POTENTIALS[1:]
"""Potentials that know more than elements."""
NETWORKS: Final = LEARNED[1:]
"""The potentials that are no sum of terms."""
RADII: Final = (0, 1, 2, 3, 4)
RESAMPLES: Final = 2000


@dataclass(frozen=True, eq=False)
class TestedTarget:
    """A target as one potential predicts it after one training set.

    Attributes
    ----------
    smiles
        Its SMILES.
    is_hydrogen : (N,) bool
        Which atoms are hydrogen.
    radii : (N,) int
        Seen radius of each atom, bonds.
    errors : (N,) float
        Mean absolute error of each atom's force components, meV/Angstrom.
    """

    smiles: str
    is_hydrogen: IntArray
    radii: IntArray
    errors: FloatArray

    @property
    def error(self) -> float:
        """Mean over atoms, meV/Angstrom."""
        return float(self.errors.mean())


@cache
def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((at.ROOT / STUDY / "atoms.json").read_text("utf-8"))
    return rows


@cache
def tested(training: str, potential: str) -> tuple[TestedTarget, ...]:
    """Return the targets after one training set, in the order of their SMILES."""
    chosen = [row for row in _rows() if (row["task"], row["potential"]) == (training, potential)]
    return tuple(
        TestedTarget(
            row["molecule"],
            np.array(row["numbers"]) == 1,
            np.array(row["radii"]),
            np.array(row["forces_mae"]),
        )
        for row in sorted(chosen, key=lambda row: row["molecule"])
    )


def sets() -> str:
    """Return the training sets: what they cost, and what they show of the targets."""
    rows = []
    for name, words in SETS.items():
        targets = tested(name, POTENTIALS[0])
        radii = np.concatenate([target.radii for target in targets])
        score = at.score(name, LEVEL, POTENTIALS[0], STUDY)
        rows.append(
            (
                code(name),
                words,
                str(score.train_molecules),
                str(score.train_frames),
                f"{min(t.radii.min() for t in targets)}",
                *(percent(float((radii >= r).mean())) for r in RADII[1:4]),
            )
        )
    columns = ("set", "what is in it", "molecules", "frames", "least r\\*")
    return table((*columns, *(f"atoms seen to r = {r}" for r in RADII[1:4])), rows)


def errors() -> str:
    """Return ID and OOD force errors of every potential after every training set."""
    return table(
        ("set", *map(code, POTENTIALS)),
        (
            (code(name), *(_id_and_ood(name, potential) for potential in POTENTIALS))
            for name in SETS
        ),
    )


def _id_and_ood(training: str, potential: str) -> str:
    found = at.metric(training, LEVEL, potential, name=STUDY)
    known = number(found.id.value) if found.id else DASH
    return f"{known} → {with_limits(found.ood)}"


def advantage(training: str, other: str, potential: str) -> Interval:
    """Return the error of targets after one set over that after another one: geometric mean.

    The interval is Student's, over the targets.
    """
    pairs = zip(tested(training, potential), tested(other, potential), strict=True)
    logs = np.log([one.error / two.error for one, two in pairs])
    mean, spread = float(logs.mean()), float(logs.std(ddof=1) / len(logs) ** 0.5)
    reach = float(student.ppf(0.975, len(logs) - 1)) * spread
    middle, low, high = (float(np.exp(value)) for value in (mean, mean - reach, mean + reach))
    return Interval(value=middle, low=low, high=high)


def better(training: str, other: str, potential: str) -> int:
    """Return on how many targets the error is smaller after one set than after another one."""
    pairs = zip(tested(training, potential), tested(other, potential), strict=True)
    return sum(one.error < two.error for one, two in pairs)


def advantages() -> str:
    """Return the errors after the other sets over those after the plan of R = 2."""
    plan = "plan-r2"
    return table(
        ("set", *map(code, LEARNED)),
        (
            (
                code(name),
                *(
                    f"{as_gap(advantage(name, plan, potential))}, "
                    f"worse on {better(plan, name, potential)} of 8"
                    for potential in LEARNED
                ),
            )
            for name in SETS
            if name != plan
        ),
    )


def error_at(potential: str, radius: int, *, hydrogen: bool = False) -> Interval | None:
    """Return the error of atoms of one seen radius, over all sets, meV/Angstrom; None if none."""
    found = _errors_at(potential, radius, hydrogen=hydrogen)
    return _mean_over_targets(found) if _count(found) else None


def _errors_at(potential: str, radius: int, *, hydrogen: bool) -> list[list[FloatArray]]:
    """Return the errors of atoms of one seen radius: for each target, those after each set."""
    return [
        [t.errors[(t.radii == radius) & (t.is_hydrogen == hydrogen)] for t in after]
        for after in zip(*(tested(name, potential) for name in SETS), strict=True)
    ]


def _count(found: Sequence[Sequence[FloatArray]]) -> int:
    return sum(len(errors) for target in found for errors in target)


def by_radius(*, hydrogen: bool) -> str:
    """Return the error of atoms by the radius out to which they were seen, over all sets."""
    rows = []
    for radius in (-1, *RADII):
        count = _count(_errors_at(POTENTIALS[0], radius, hydrogen=hydrogen))
        if count:
            errors = (error_at(p, radius, hydrogen=hydrogen) for p in POTENTIALS)
            rows.append((_seen_to(radius), f"{count:,}", *map(with_limits, errors)))
    return table(("seen to r", "atoms", *map(code, POTENTIALS)), rows)


def _seen_to(radius: int) -> str:
    return "element is new" if radius < 0 else f"{radius}{' or more' * (radius == RADII[-1])}"


def _mean_over_targets(found: Sequence[Sequence[FloatArray]]) -> Interval:
    """Return the mean error of some atoms, with an interval of resampled targets."""
    sums = np.array([sum(errors.sum() for errors in target) for target in found])
    counts = np.array([sum(map(len, target)) for target in found])

    def mean(chosen: IntArray) -> float:
        return float(sums[chosen].sum() / counts[chosen].sum()) if counts[chosen].sum() else np.nan

    return _resampled(len(found), mean)


def _resampled(targets: int, statistic: Callable[[IntArray], float]) -> Interval:
    """Return a statistic of all targets, and the middle 95 % of those of resampled targets."""
    rng = np.random.default_rng(0)
    values = [statistic(rng.integers(targets, size=targets)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    value = statistic(np.arange(targets))
    return Interval(value=value, low=float(low), high=float(high))


def rank_correlation(potential: str, *, hydrogen: bool, names: Iterable[str] = SETS) -> Interval:
    """Return Spearman's correlation of seen radius and error of atoms, the mean over sets.

    Negative where atoms that were seen farther have smaller errors. The interval is one of
    resampled targets.
    """
    every = [tested(name, potential) for name in names]

    def mean(chosen: IntArray) -> float:
        values = []
        for targets in every:
            masks = [targets[k].is_hydrogen == hydrogen for k in chosen]
            radii = np.concatenate(
                [targets[k].radii[m] for k, m in zip(chosen, masks, strict=True)]
            )
            errors = np.concatenate(
                [targets[k].errors[m] for k, m in zip(chosen, masks, strict=True)]
            )
            if len(np.unique(radii)) > 1:
                values.append(float(spearmanr(radii, errors).statistic))
        return float(np.mean(values)) if values else np.nan

    return _resampled(len(every[0]), mean)


def rank_correlations() -> str:
    """Return the rank correlations of radius and error, for heavy atoms and for hydrogens."""
    return table(
        ("atoms", *map(code, POTENTIALS)),
        (
            (words, *(_signed(rank_correlation(p, hydrogen=hydrogen)) for p in POTENTIALS))
            for words, hydrogen in (("heavy", False), ("hydrogen", True))
        ),
    )


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"


def expected(
    training: str, potential: str, sets: Iterable[str], *, radii: bool
) -> list[FloatArray]:
    """Return the error that the other seven targets let expect of each atom of each target.

    It is their mean error after some training sets, of atoms of the same kind (hydrogen or not)
    and, where ``radii``, of the same seen radius, or of the nearest one that they have.
    """
    every = [target for name in sets for target in tested(name, potential)]
    result = []
    for own in tested(training, potential):
        others = [target for target in every if target.smiles != own.smiles]
        seen = own.radii if radii else [None] * len(own.radii)
        kinds = list(zip(own.is_hydrogen, seen, strict=True))
        means = {kind: _mean_of_kind(others, *kind) for kind in set(kinds)}
        result.append(np.array([means[kind] for kind in kinds]))
    return result


def _mean_of_kind(targets: Sequence[TestedTarget], hydrogen: bool, radius: int | None) -> float:
    alike = [t.is_hydrogen == hydrogen for t in targets]
    radii = np.concatenate([t.radii[m] for t, m in zip(targets, alike, strict=True)])
    errors = np.concatenate([t.errors[m] for t, m in zip(targets, alike, strict=True)])
    if radius is None:
        return float(errors.mean())
    nearest = np.abs(radii - radius) == np.abs(radii - radius).min()
    return float(errors[nearest].mean())


def miss(potential: str, *, radii: bool, other_sets: bool) -> float:
    """Return the typical factor between the expected and the found error of a target."""
    logs = [
        np.log(target.error / guess.mean())
        for name in SETS
        for target, guess in zip(
            tested(name, potential),
            expected(name, potential, _sets_for(name, other_sets), radii=radii),
            strict=True,
        )
    ]
    return float(np.exp(np.mean(np.abs(logs))))


def _sets_for(training: str, other_sets: bool) -> list[str]:
    return [name for name in SETS if name != training] if other_sets else [training]


def calibration() -> str:
    """Return the expected and the found error of atoms, by their seen radius."""
    rows = []
    for radius in RADII:
        cells = []
        for potential in LEARNED:
            guessed, found = [], []
            for name in SETS:
                guesses = expected(name, potential, _sets_for(name, True), radii=True)
                for target, guess in zip(tested(name, potential), guesses, strict=True):
                    guessed.append(guess[target.radii == radius])
                    found.append(target.errors[target.radii == radius])
            cells.append(
                f"{number(float(np.concatenate(guessed).mean()))}, "
                f"{number(float(np.concatenate(found).mean()))}"
                if sum(map(len, found))
                else DASH
            )
        rows.append((_seen_to(radius), *cells))
    columns = (f"{code(potential)}: expected, found" for potential in LEARNED)
    return table(("seen to r", *columns), rows)


def misses() -> str:
    """Return by which factor the error of a target is missed, with the radii and without them."""
    return table(
        ("expected from the other targets", *map(code, LEARNED)),
        (
            (
                f"after {'the other sets' if other else 'the same set'}, "
                f"{'by radius' if radii else 'whatever the radius'}",
                *(ratio(miss(p, radii=radii, other_sets=other)) for p in LEARNED),
            )
            for other in (False, True)
            for radii in (True, False)
        ),
    )


def page() -> str:
    """Return the page."""
    names = (advantage, error_at, miss, rank_correlation)
    makers = (sets, errors, advantages, by_radius, rank_correlations, calibration, misses)
    return rendered(
        "coverage.md.j2",
        **{each.__name__: each for each in (*names, *makers)},
        ood=lambda name, potential: at.value("ood", name, LEVEL, potential, name=STUDY),
        targets=[target.smiles for target in tested("core-alone", POTENTIALS[0])],
        learned=LEARNED,
        networks=NETWORKS,
    )
