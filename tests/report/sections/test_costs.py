import json
from itertools import combinations

import pytest

from mlip_compose.report.figures.label_places import (
    HEIGHT,
    LETTER,
    SIZE,
    WIDTHS,
    Point,
    direct_names,
    short,
)
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.sections.costs import cost_document
from mlip_compose.report.sections.leaderboard import entries_of


@pytest.fixture(scope="module")
def document(results):
    return cost_document(results, 2, styles_of(entries_of(results)))


def test_a_point_is_the_cost_and_the_error_of_a_potential(document):
    panel = next(panel for panel in document["cpu"] if panel["task"] == "length")
    mace = next(trace for trace in panel["figure"]["data"] if trace["name"] == "mace-small")
    assert mace["x"] == [pytest.approx(118.0 / 60, abs=1e-3)]
    assert mace["y"] == [pytest.approx(66.5)]
    assert "mace-small 1.97 min, 66.5 meV/Å" in panel["caption"]
    json.dumps(document, allow_nan=False)


def test_scale_rows_failures_and_untold_costs_are_not_drawn(document):
    names = {
        panel["task"]: [trace["name"] for trace in panel["figure"]["data"]]
        for panel in document["cpu"]
    }
    assert names["length"] == ["mace-small", "additive"]
    assert names["transfer"] == ["additive"]  # mace-small failed
    assert [panel["task"] for panel in document["parameters"]] == [
        "length",
        "crossing",
        "recombination",
    ]


def test_potentials_are_named_in_the_figure(document):
    panel = document["cpu"][0]
    assert [n["text"] for n in panel["figure"]["layout"]["annotations"]] == [
        "mace-small",
        "additive",
    ]


def test_a_study_without_costs_has_no_such_figure(results):
    units = tuple(unit.model_copy(update={"cost": {}}) for unit in results.units)
    without = results.model_copy(update={"units": units})
    assert cost_document(without, 2, styles_of(entries_of(without))) == {}


def test_names_stand_over_no_other_name_and_inside_the_panel():
    points = [
        Point(
            f"potential-{i}", 0.4 + 0.05 * (i % 3), 0.3 + 0.06 * i, 0.25 + 0.06 * i, 0.35 + 0.06 * i
        )
        for i in range(8)
    ]
    names = direct_names(points)
    for width in WIDTHS:
        boxes = []
        for point, name in zip(points, names, strict=True):
            x, y = point.x * width + name["ax"], point.y * HEIGHT - name["ay"]
            half = LETTER * len(point.name) / 2
            assert half <= x <= width - half
            boxes.append((x - half, y - SIZE / 2, x + half, y + SIZE / 2))
        for a, b in combinations(boxes, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_long_names_are_cut_and_markup_is_shown_as_it_is_written():
    assert short("a" * 40) == "a" * 23 + "…"
    (name,) = direct_names([Point("<b>x</b>", 0.5, 0.5, 0.4, 0.6)])
    assert name["text"] == "&lt;b&gt;x&lt;/b&gt;"
