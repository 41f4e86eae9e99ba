from rich.console import Console

from mlip_compose.report.terminal import leaderboard_table


def shown(results, **options):
    console = Console(width=160, record=True, quiet=True, color_system=None)
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
        "recombination",
        "mace-small",
        "35.0",
        "80.5",
        "2.30 [2.07 to 2.53]",
    ]


def test_a_failed_unit_is_shown_with_its_reason(results):
    assert "failed: training of mace-small: the loss became NaN at step 312" in shown(results)


def test_levels_have_a_column_where_there_are_several(results, make_results):
    assert "level" not in shown(results)
    assert "level" in shown(make_results(levels=(1, 2)))


def test_another_metric_brings_its_unit(results):
    assert "OOD (kcal/mol)" in shown(results, metric="reaction_mae")


def test_markup_in_a_name_is_text(make_results):
    text = shown(make_results(potentials=("[red]x[/red]",), failed=()))
    assert "[red]x[/red]" in text


def test_without_scores_the_title_says_so(results):
    assert "no unit of work gave a score" in shown(results.model_copy(update={"scores": ()}))
