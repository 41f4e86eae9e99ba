from pathlib import Path

from rich.console import Console

from mlip_compose.report.sections.leaderboard import build_board, metrics_of
from mlip_compose.report.terminal import leaderboard_table
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.results import read_results

ROOT = Path(__file__).parents[2]


def shown(results, width=160, **options):
    console = Console(width=width, record=True, quiet=True, color_system=None)
    with console.capture() as capture:
        console.quiet = False
        console.print(leaderboard_table(results, **options))
    return capture.get()


def test_each_task_and_potential_has_a_line(results):
    text = shown(results)
    assert "ID (meV/Å)" in text
    assert "gap OOD/ID [95 %]" in text
    (line,) = [row for row in text.splitlines() if "2.30" in row]
    assert [part.strip() for part in line.split("│")[1:-1]] == [
        "mace-small",
        "35.0",
        "80.5",
        "2.30 [2.07 to 2.53]",
    ]


def test_a_failed_unit_is_shown_with_its_reason(results):
    assert "failed: training of mace-small: the loss became NaN at step 312" in shown(results)


def test_frames_that_failed_are_counted_below_with_the_commonest_reason(results):
    failures = {
        "RuntimeError: scf": (2, "OH-1-H/primary/0"),
        "the potential does not know F": (9, "F"),
    }
    failing = results.scores[0].model_copy(update={"failed_frames": 1200, "failures": failures})
    text = shown(results.model_copy(update={"scores": (failing, *results.scores[1:])}))
    assert (
        f"{failing.potential}: 1,200 test frames failed and are in no number: the potential does "
        "not know F" in " ".join(text.split())
    )
    assert "test frames failed" not in shown(results)


def test_lines_stand_below_their_task_and_below_its_level_where_there_are_several(
    results, make_results
):
    lines = shown(results).splitlines()
    (heading,) = [i for i, line in enumerate(lines) if line.startswith("│ recombination")]
    assert "2.30" in lines[heading + 1]
    assert "level" not in shown(results)
    assert "│ recombination, level 1" in shown(make_results(levels=(1, 2)))


def test_lines_of_the_leaderboard_fit_a_terminal_of_80_columns():
    board = read_results(ResultsDirectory(ROOT / "results" / "leaderboard-v1"))
    text = shown(board, width=80)
    for row in build_board(board, metrics_of(board)[0], 2).rows:
        assert f"│   {row.entry.label} " in text


def test_another_metric_brings_its_unit(results):
    assert "OOD (kcal/mol)" in shown(results, metric="reaction_mae")


def test_markup_in_a_name_is_text(make_results):
    text = shown(make_results(potentials=("[red]x[/red]",), failed=()))
    assert "[red]x[/red]" in text


def test_without_scores_the_title_says_so(results):
    assert "no unit of work gave a score" in shown(results.model_copy(update={"scores": ()}))
