"""Comparisons as units of work: the scores of one task and level against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlip_compose.core.records import Failure
from mlip_compose.engine.engine import Engine
from mlip_compose.evaluation.paired import paired_differences
from mlip_compose.evaluation.ranking import rankings
from mlip_compose.evaluation.results import PairedDifference, Ranking, Score
from mlip_compose.studies.progress import Listener

PAIRED_METRICS: Final = ("forces_mae", "energy_mae_per_atom_within")


@dataclass(frozen=True)
class Comparisons:
    """Comparisons of potentials.

    Attributes
    ----------
    pairs
        Differences of two potentials, on the same resampled molecules.
    rankings
        Ranks of potentials.
    failures
        Reasons of comparisons whose worker failed.
    """

    pairs: tuple[PairedDifference, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """The files of all scores of one task and level."""

    task: str
    level: int
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.task}_L{self.level}"


def compare(
    scores: Sequence[tuple[Score, Path]], engine: Engine, listener: Listener
) -> Comparisons:
    """Compare and rank the potentials of each task and level.

    Parameters
    ----------
    scores
        The scores of a study, each with its file, which workers read.
    engine
        Does the comparisons.
    listener
        Is told of progress.
    """
    files: dict[tuple[str, int], list[Path]] = {}
    for score, path in scores:
        files.setdefault((score.task, score.level), []).append(path)
    groups = [_Group(*key, tuple(paths)) for key, paths in files.items()]
    listener.stage("compare", len(groups))
    results: dict[_Group, Comparisons] = {}
    failures = []
    for group, outcome in engine.run(_compare, groups):
        if isinstance(outcome, Failure):
            failures.append(f"comparison of {group}: {outcome.reason}")
            listener.unit(str(group), outcome.reason)
        else:
            results[group] = outcome
            listener.unit(str(group), "")
    done = [results[group] for group in groups if group in results]
    return Comparisons(
        tuple(pair for result in done for pair in result.pairs),
        tuple(ranking for result in done for ranking in result.rankings),
        tuple(failures),
    )


def _compare(group: _Group) -> Comparisons:
    scores = [Score.model_validate_json(path.read_text("utf-8")) for path in group.paths]
    return Comparisons(paired_differences(scores, PAIRED_METRICS), rankings(scores))
