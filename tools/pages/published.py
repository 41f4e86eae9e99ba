"""The published results in ``results/``, read once, and what the findings ask of them."""

from functools import cache
from pathlib import Path
from statistics import fmean

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.additivity import ReactionErrors
from mlip_compose.evaluation.ceiling import CeilingMetric, CeilingScore
from mlip_compose.evaluation.horizon import Horizon
from mlip_compose.evaluation.learning import Levelling
from mlip_compose.evaluation.metric_names import FAMILIAR as FAMILIAR
from mlip_compose.evaluation.metric_names import MATCHED as MATCHED
from mlip_compose.evaluation.metric_names import NOVEL as NOVEL
from mlip_compose.evaluation.pooling import TestPart
from mlip_compose.evaluation.results import ForceRow, Metric, Score
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, Cell, cell_of, entries_of, runs_of
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.results import read_results

ROOT = Path(__file__).resolve().parents[2] / "results"
BOARD = "leaderboard-v1"
DEPTHS = ("depth-v1-5", "depth-v1-20", "depth-v1-80", "depth-v1-200")
"""The studies of depth, by rising frames a molecule."""
ZERO_SHOT = "leaderboard-v1-pbe"
COUPLED = "additive with couplings"
"""Our own submission: the additive force field with terms that the study leaves out."""
PUBLISHED_FACTOR = 10.0
"""OOD error over ID error that the paper finds often (its abstract: an order of magnitude)."""
MAIN = MAIN_METRIC
ENERGY = "energy_mae_per_atom"
WITHIN = "energy_mae_per_atom_within"


class MissingError(LookupError):
    """A number that the findings ask for and the results do not have."""


def depths() -> tuple[str, ...]:
    """Return the studies of depth that are there."""
    return tuple(name for name in DEPTHS if ResultsDirectory(ROOT / name).results.exists())


def frames_a_molecule(name: str) -> int:
    """Return the training frames of a molecule in a study of depth."""
    first = study(name).scores[0]
    return round(first.train_frames / first.train_molecules)


@cache
def study(name: str) -> StudyResults:
    """Return the results of a published study."""
    return read_results(ResultsDirectory(ROOT / name))


def potentials(role: str = "") -> tuple[str, ...]:
    """Return the potentials that the leaderboard asks for, or those of one role.

    They are in the order of its page. Of submissions there is :data:`COUPLED` alone: another one
    changes no finding.
    """
    asked = {each["label"] or each["potential"] for each in study(BOARD).study["potentials"]}
    asked.add(COUPLED)
    return tuple(
        dict.fromkeys(
            entry.potential
            for entry in runs_of(study(BOARD))
            if role in ("", entry.role) and entry.potential in asked
        )
    )


def networks() -> tuple[str, ...]:
    """Return the learned potentials that the leaderboard asks for."""
    return potentials("learned")


def cell(task: str, level: int, potential: str, metric: str = MAIN, name: str = BOARD) -> Cell:
    """Return what is known of a potential on a split: the mean over seeds, where there are some."""
    entry = _entries(name).get(potential)
    return cell_of(study(name), entry, task, level, metric) if entry else Cell(task, "absent")


@cache
def _entries(name: str) -> dict[str, Entry]:
    return {entry.potential: entry for entry in entries_of(study(name))}


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


def by_depth(column: str, potential: str, quantity: str = MAIN) -> list[Interval]:
    """Return the ID error, OOD error or gap on ``length`` at level 2, by rising depth."""
    return [value(column, "length", 2, potential, quantity, name) for name in depths()]


def score(task: str, level: int, potential: str, name: str = BOARD) -> Score:
    """Return the score of the first seed.

    Raises
    ------
    MissingError
        There is none.
    """
    wanted = (task, level, potential)
    found = [s for s in study(name).scores if (s.task, s.level, s.potential) == wanted]
    first = min(found, key=_seed, default=None)
    if first is None:
        raise MissingError(f"{potential} on {task}, level {level}, in {name}")
    return first


def ceiling_score(task: str, level: int, potential: str) -> CeilingScore | None:
    """Return the comparison of the first seed of a potential with its ceiling; None if none."""
    wanted = (task, level, potential)
    found = [c for c in study(BOARD).ceilings if (c.task, c.level, c.potential) == wanted]
    return min(found, key=_seed, default=None)


def ceiling(task: str, level: int, potential: str, quantity: str = MAIN) -> CeilingMetric | None:
    """Return one metric of that comparison."""
    found = ceiling_score(task, level, potential)
    return found.metric(quantity) if found else None


def horizon(task: str, potential: str, quantity: str = MAIN) -> Horizon | None:
    """Return the horizon of the first seed's gap; None with less than two levels."""
    found = [
        each
        for each in study(BOARD).horizons
        if (each.task, each.potential, each.metric) == (task, potential, quantity)
        and each.seed is not None
    ]
    return min(found, key=_seed, default=None)


def force_rows(
    task: str, level: int, potential: str, grouping: str, part: TestPart = "ood"
) -> dict[str, ForceRow]:
    """Return the force error divided by what an atom belongs to, by the name of the group."""
    attribution = score(task, level, potential).attribution
    groupings = attribution.forces if attribution else ()
    return {
        row.group: row
        for each in groupings
        if each.name == grouping
        for row in each.rows
        if row.part == part
    }


def by_distance(task: str, level: int, potential: str) -> dict[int, ForceRow]:
    """Return the force error OOD by distance in bonds from the nearest novel atom."""
    rows = force_rows(task, level, potential, "novel_distance")
    return {int(group): row for group, row in rows.items() if group.isdecimal()}


def mean_exchange(level: int, potential: str) -> tuple[float, float]:
    """Return the mean energy of exchanges of OOD molecules: the reference's, and the predicted."""
    found = [
        (each.reference, each.predicted)
        for each in score("recombination", level, potential).reactions
        if (each.kind, each.part) == ("exchange", "ood") and each.predicted is not None
    ]
    of_reference, predicted = zip(*found, strict=True)
    return fmean(of_reference), fmean(predicted)


def reaction_error(kind: str, task: str, level: int, potential: str) -> Interval | None:
    """Return the error of the reaction energies of OOD molecules, kcal/mol, of the first seed."""
    wanted = (kind, task, level, potential, "ood", "predicted")
    found = [
        each
        for each in study(BOARD).reaction_errors
        if (each.kind, each.task, each.level, each.potential, each.part, each.energies) == wanted
    ]
    first = min(found, key=_seed, default=None)
    return first.mae if first else None


def _seed(found: Score | CeilingScore | Horizon | ReactionErrors) -> int:
    return found.seed or 0


def trainings(potential: str, name: str = BOARD) -> list[UnitFacts]:
    """Return the trainings of a potential that ended, ceilings too."""
    units = study(name).units
    return [unit for unit in units if unit.potential == potential and unit.status == "done"]


def levellings(potential: str, name: str = BOARD) -> list[Levelling]:
    """Return of each of these trainings that validated whether it had levelled off."""
    verdicts = {verdict.training: verdict for verdict in study(name).levellings}
    return [verdicts[u.id] for u in trainings(potential, name) if u.id in verdicts]
