from dataclasses import replace

import pytest

from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.plates import COLUMN, PAGE, Pane, Plate, _sheets, plates
from mlip_compose.report.sections.gaps import gap_figure
from mlip_compose.report.sections.leaderboard import build_board, entries_of, metrics_of


@pytest.fixture(scope="module")
def found(results):
    return {plate.name: plate for plate in plates(results)}


def test_names_say_what_task_and_level_and_nothing_empty_is_drawn(found):
    assert sorted(found) == sorted(
        ["leaderboard_L2"]
        + [
            f"{kind}_{task}_L2"
            for kind in ("map", "error-against-n", "cost")
            for task in ("length", "crossing", "transfer", "recombination")
        ]
    )


def test_the_documents_are_those_of_the_page(found, results):
    styles = styles_of(entries_of(results))
    board = build_board(results, metrics_of(results)[0], 2)
    assert found["leaderboard_L2"].panes == (Pane("", gap_figure(board, styles)),)


def test_scale_rows_are_on_the_leaderboard_alone(found):
    names = [label for label, _ in found["error-against-n_length_L2"].names]
    assert names == ["mace-small", "additive"]
    (pane,) = found["error-against-n_length_L2"].panes
    assert {trace["meta"]["role"] for trace in pane.figure["data"]} == {"learned", "feasibility"}
    titles = [pane.title.splitlines()[0] for pane in found["map_length_L2"].panes]
    assert titles == ["mace-small", "additive"]
    assert [label for label, _ in found["leaderboard_L2"].names] == [
        "mace-small",
        "additive",
        "composition",
    ]


def test_failed_potentials_have_no_map(found):
    assert [p.title.splitlines()[0] for p in found["map_transfer_L2"].panes] == ["additive"]


def test_figures_are_as_wide_as_columns_of_journals(found):
    assert (COLUMN, PAGE) == (3.3, 7.0)
    assert found["leaderboard_L2"].width == COLUMN
    assert found["error-against-n_crossing_L2"].width == PAGE


def test_several_seeds_have_the_maps_of_the_first(make_results):
    names = [plate for plate in plates(make_results(seeds=(0, 1))) if plate.name == "map_length_L2"]
    titles = [pane.title.splitlines()[0] for plate in names for pane in plate.panes]
    assert titles == ["mace-small, seed 0", "additive, seed 0"]


def test_long_plates_are_parted(found):
    pane = found["leaderboard_L2"].panes[0]
    sheets = list(_sheets(Plate("map", (pane,) * 19, 2)))
    assert [(sheet.name, len(sheet.panes)) for sheet in sheets] == [
        ("map", 8),
        ("map_2", 8),
        ("map_3", 3),
    ]
    assert list(_sheets(replace(sheets[0], panes=(pane,)))) == [replace(sheets[0], panes=(pane,))]
