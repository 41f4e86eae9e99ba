"""What the answer ends with: where a potential fails, and whether the test is fair."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.attribution import largest_errors
from mlip_compose.report.sections.leaderboard import Board, Cell
from mlip_compose.report.words import is_number, number, ratio

FEW = 2  # trained potentials that are looked at: those with the largest gaps


@dataclass(frozen=True)
class Weakness:
    """Where a potential fails: its largest gap, and the groups of atoms with the largest errors.

    ``places`` are pairs of what atoms are grouped by and the worst group with its error; empty
    where nothing is known of groups.
    """

    sentence: str
    places: tuple[tuple[str, str], ...] = ()


def where_it_fails(board: Board) -> tuple[Weakness, ...]:
    """Return in what molecules and atoms the errors are largest, on the task of the largest gap.

    Parameters
    ----------
    board
        The leaderboard of the force error at a level.
    """
    worst: list[tuple[float, Entry, Cell]] = []
    for row in board.rows:
        gaps = [(_gap(cell), row.entry, cell) for cell in row.cells if is_number(_gap(cell))]
        if row.entry.role == "learned" and gaps:
            worst.append(max(gaps, key=lambda case: case[0]))
    worst.sort(key=lambda case: -case[0])
    return tuple(_where(*case) for case in worst[:FEW])


def may_be_trusted(results: StudyResults, level: int) -> tuple[str, ...]:
    """Return what the certificates of a level say about the tests, in a few sentences."""
    certificates = [c for c in results.certificates if c.get("level") == level]
    if not certificates:
        return ("No certificate is among the results.",)
    radii: dict[int, list[str]] = {}
    untrained = [str(c.get("task", "")) for c in certificates if not c.get("train_molecules", True)]
    for certificate in certificates:
        if certificate.get("task", "") in untrained:
            continue
        radii.setdefault(int(certificate.get("coverage_radius", -1)), []).append(
            str(certificate.get("task", ""))
        )
    texts = "; ".join(
        f"{_tasks(tasks, len(certificates))} {radius_in_words(radius)}"
        for radius, tasks in sorted(radii.items())
    )
    seen = f"What training shows of the parts of the unseen molecules: {texts}." if texts else ""
    if untrained:
        nothing = f"On {', '.join(untrained)} nothing is trained: all its molecules are a test."
        seen = f"{seen} {nothing}".lstrip()
    leaky = [str(c.get("task", "")) for c in certificates if c.get("leaks")]
    leaks = (
        f"Part of the test was in training on {', '.join(leaky)}: its numbers are too good."
        if leaky
        else "No unseen molecule and no test frame was in training."
    )
    cut = [str(c.get("task", "")) for c in certificates if c.get("held_out")]
    held_out = (
        f"On {', '.join(cut)} the frames of the ID test are of the same trajectories as those of "
        "training: errors on them may be too small, and gaps too large."
    )
    return (seen, leaks, held_out) if cut else (seen, leaks)


def _gap(cell: Cell) -> float:
    gap = cell.metric.gap if cell.metric is not None else None
    return gap.value if gap is not None else float("nan")


def _where(gap: float, entry: Entry, cell: Cell) -> Weakness:
    start = f"{entry.label} has its largest gap, {ratio(gap)}, on {cell.task}."
    score, metric = cell.score, cell.metric
    assert score is not None  # a cell with a gap has both
    assert metric is not None
    groupings = score.attribution.forces if score.attribution is not None else ()
    largest_groups = tuple(
        (f"by {grouping.label}", largest)
        for grouping in groupings
        if grouping.name != "element" and (largest := largest_errors(grouping, 1))
    )
    if largest_groups:
        return Weakness(
            f"{start} There its force error on unseen molecules is largest", largest_groups
        )
    errors = {
        m.molecule: m.values[metric.name]
        for m in score.molecules
        if m.part == "ood" and metric.name in m.values
    }
    if not errors:
        return Weakness(start)
    name = max(errors, key=lambda molecule: errors[molecule])
    worst = f"{name} is the worst, {number(errors[name])} {metric.unit}"
    return Weakness(f"{start} Of its molecules {worst}.")


def _tasks(tasks: list[str], total: int) -> str:
    return "on every task" if len(tasks) == total and total > 1 else f"on {', '.join(tasks)}"


def radius_in_words(radius: int) -> str:
    """Return what training shows of unseen molecules whose coverage radius this is."""
    if radius < 0:
        return "not even every element"
    if radius == 0:
        return "every element, but not what it is bonded to"
    return (
        f"every atom with all that is within {radius} bond{'s' if radius > 1 else ''} of it "
        f"(coverage radius {radius})"
    )
