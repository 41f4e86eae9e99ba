"""The published results in ``results/``, read once, and what the findings ask of them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mlip_compose.evaluation.catalogue import MATCHED as MATCHED
from mlip_compose.evaluation.ceiling import CeilingMetric
from mlip_compose.evaluation.ceiling_seeds import CeilingSummary
from mlip_compose.evaluation.results import Interval, Metric, Score, SeedValue
from mlip_compose.report.bundle import StudyResults, UnitFacts
from mlip_compose.report.leaderboard import Cell, cell_of, entries_of, runs_of
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.results import read_results

ROOT = Path(__file__).resolve().parents[2] / "results"
BOARD = "leaderboard-v1"
DEPTHS = ("depth-v1-5", "depth-v1-20", "depth-v1-80", "depth-v1-200")
ZERO_SHOT = "leaderboard-v1-pbe"
MAIN = "forces_mae"
NOVEL = "forces_mae_novel"
FAMILIAR = "forces_mae_familiar"


class MissingError(LookupError):
    """A number that the findings ask for and the results do not have."""


@cache
def study(name: str) -> StudyResults:
    """Return the results of a published study."""
    return read_results(ResultsDirectory(ROOT / name))


def potentials(role: str = "", name: str = BOARD) -> tuple[str, ...]:
    """Return the potentials of a study in the order of its page, or those of one role."""
    return tuple(
        dict.fromkeys(entry.potential for entry in runs_of(study(name)) if role in ("", entry.role))
    )


def cell(task: str, level: int, potential: str, metric: str = MAIN, name: str = BOARD) -> Cell:
    """Return what is known of a potential on a split: the mean over seeds, where there are some."""
    results = study(name)
    entry = next(entry for entry in entries_of(results) if entry.potential == potential)
    return cell_of(results, entry, task, level, metric)


def has(task: str, level: int, potential: str, name: str = BOARD) -> bool:
    """Return whether a potential was scored on a split."""
    return cell(task, level, potential, name=name).metric is not None


def metric(
    task: str, level: int, potential: str, quantity: str = MAIN, name: str = BOARD
) -> Metric:
    """Return a metric.

    Raises
    ------
    MissingError
        There is none.
    """
    found = cell(task, level, potential, quantity, name).metric
    if found is None:
        raise MissingError(f"{quantity} of {potential} on {task}, level {level}, in {name}")
    return found


def value(
    column: str, task: str, level: int, potential: str, quantity: str = MAIN, name: str = BOARD
) -> Interval:
    """Return the ID error, OOD error or gap.

    Raises
    ------
    MissingError
        There is none.
    """
    found: Interval | None = getattr(metric(task, level, potential, quantity, name), column)
    if found is None:
        raise MissingError(f"{column} of {quantity} of {potential} on {task}, level {level}")
    return found


def scores(task: str, level: int, potential: str, name: str = BOARD) -> Iterator[Score]:
    """Yield the scores of all seeds."""
    wanted = (task, level, potential)
    return (s for s in study(name).scores if (s.task, s.level, s.potential) == wanted)


def score(task: str, level: int, potential: str, name: str = BOARD) -> Score:
    """Return the score of the first seed.

    Raises
    ------
    MissingError
        There is none.
    """
    found = min(scores(task, level, potential, name), key=lambda s: s.seed, default=None)
    if found is None:
        raise MissingError(f"{potential} on {task}, level {level}, in {name}")
    return found


def ceiling(task: str, level: int, potential: str, quantity: str = MAIN) -> dict[str, Interval]:
    """Return ``ood``, ``ceiling`` and ``gap`` of a potential against its ceiling; empty if none."""
    results = study(BOARD)
    wanted = (task, level, potential)
    means: list[CeilingMetric | CeilingSummary] = [
        summary
        for summary in results.ceiling_summaries
        if (summary.task, summary.level, summary.potential, summary.metric) == (*wanted, quantity)
    ]
    means += [
        each.metric(quantity)
        for each in results.ceilings
        if (each.task, each.level, each.potential) == wanted
    ]
    if not means:
        return {}
    found = {key: getattr(means[0], key) for key in ("ood", "ceiling", "gap")}
    return {
        key: each.mean if isinstance(each, SeedValue) else each
        for key, each in found.items()
        if each is not None
    }


def trainings(potential: str, name: str = BOARD) -> list[UnitFacts]:
    """Return the trainings of a potential that ended, ceilings too."""
    units = study(name).units
    return [unit for unit in units if unit.potential == potential and unit.status == "done"]
