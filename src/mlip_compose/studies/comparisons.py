"""Units of work: set the scores of one split against each other, each a list of bootstraps."""

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
class Compared:
    """Paired differences and rankings of potentials; and what a worker that died left undone."""

    pairs: tuple[PairedDifference, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """The files of all scores of one task and level."""

    task: str
    level: int
    scores: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.task}_L{self.level}"


def compare(scored: Sequence[tuple[Score, Path]], engine: Engine, listener: Listener) -> Compared:
    """Compare and rank the potentials of each task and level.

    Parameters
    ----------
    scored
        The scores of a study, each with its file, which workers read.
    engine, listener
        Where that is done, and who is told.
    """
    files: dict[tuple[str, int], list[Path]] = {}
    for score, path in scored:
        files.setdefault((score.task, score.level), []).append(path)
    groups = [_Group(*key, tuple(paths)) for key, paths in files.items()]
    listener.stage("compare", len(groups))
    found: dict[_Group, Compared] = {}
    failures = []
    for group, outcome in engine.run(_compare, groups):
        if isinstance(outcome, Failure):
            failures.append(f"comparison of {group}: {outcome.reason}")
            listener.unit(str(group), outcome.reason)
        else:
            found[group] = outcome
            listener.unit(str(group), "")
    done = [found[group] for group in groups if group in found]
    return Compared(
        tuple(pair for each in done for pair in each.pairs),
        tuple(ranking for each in done for ranking in each.rankings),
        tuple(failures),
    )


def _compare(group: _Group) -> Compared:
    scores = [Score.model_validate_json(path.read_text("utf-8")) for path in group.scores]
    return Compared(paired_differences(scores, PAIRED_METRICS), rankings(scores))
