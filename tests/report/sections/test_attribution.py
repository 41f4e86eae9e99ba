import html
import json
import math
import re

import pytest
from whole_page import whole

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import (
    Attribution,
    EnergyRow,
    EnergySplit,
    ForceGrouping,
    ForceRow,
    GroupingName,
)
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.attribution import (
    attribution_document,
    attribution_views,
    largest_errors,
)
from mlip_compose.report.sections.leaderboard import build_board, entries_of, metrics_of
from mlip_compose.report.sections.overview import where_it_fails

GROUPS: dict[GroupingName, list[str]] = {
    "family": ["CN", "COOH", "H", "NH2", "OH"],
    "chain": [str(n) for n in range(1, 13)],
    "element": ["H", "C", "N", "O"],
    "end_distance": [str(k) for k in range(13)],
    "novel_distance": [str(k) for k in range(9)] + ["none"],
}
HOSTILE = "<script>alert(1)</script>"


def around(value):
    return Interval(value=value, low=0.9 * value, high=1.2 * value)


def attribution(scale):
    def rows(name):
        return tuple(
            ForceRow(
                group=group,
                part=part,
                forces_mae=around(scale * (1 + 0.1 * i + (part == "ood"))),
                share=1 / len(GROUPS[name]),
                atoms=40,
                molecules=4 if part == "id" else 6,
                frames=60,
            )
            for part in ("id", "ood")
            if (name, part) != ("novel_distance", "id")
            for i, group in enumerate(GROUPS[name])
        )

    def split(name, label):
        return EnergySplit(
            name=name,
            label=label,
            slope_unit="meV per CH2",
            unit="meV",
            aggregation="least squares",
            rows=tuple(
                EnergyRow(
                    group=group,
                    part=part,
                    slope=None if group == "CN" else around(0.07 * scale),
                    constant=None if group == "CN" else Interval(value=-3.0),
                    rest=None if group == "CN" else around(scale),
                    total=around(2 * scale),
                    molecules=5,
                    chains=1 if group == "CN" else 5,
                    frames=50,
                )
                for part in ("id", "ood")
                for group in ("all", *GROUPS["family"])
            ),
        )

    labels = ("end group", "chain length n", "element", "bonds from the end group", "bonds")
    return Attribution(
        forces=tuple(
            ForceGrouping(
                name=name, label=label, unit="meV/Å", aggregation="mean |e|", rows=rows(name)
            )
            for name, label in zip(GROUPS, labels, strict=True)
        ),
        energy=(split("energy", "as predicted"), split("energy_offset", "with offsets")),
    )


def attributed(results):
    scales = {"composition": 900.0, "additive": 80.0}
    scores = [
        s.model_copy(update={"attribution": attribution(scales.get(s.potential, 30.0) + s.seed)})
        for s in results.scores
    ]
    return results.model_copy(update={"scores": tuple(scores)})


@pytest.fixture(scope="module")
def found(results):
    return attributed(results)


@pytest.fixture(scope="module")
def views(found):
    return attribution_views(found, styles_of(entries_of(found)))


@pytest.fixture(scope="module")
def page(found):
    return whole(render_report(found))


def view(views, name, task="length"):
    return next(v for v in views if (v.name, v.task) == (name, task))


def test_every_task_has_a_table_and_a_figure_for_each_grouping(views, page):
    names = [*GROUPS, "energy", "energy_offset"]
    tasks = ("length", "crossing", "transfer", "recombination")
    assert [(v.task, v.name) for v in views] == [(task, name) for task in tasks for name in names]
    assert page.count('<table class="wide attribution">') == len(views)
    shown = re.findall(r'<div data-level="2" data-task="(\w+)" data-view="(\w+)">', page)
    assert shown == [("length", "family")]


def test_lines_have_a_cell_for_every_column_of_every_potential(views):
    for each in views:
        assert each.lines
        for line in each.lines:
            assert len(line.numbers) == len(each.columns) * len(each.entries)


def test_potentials_stand_side_by_side_with_their_intervals(views):
    element = view(views, "element")
    assert element.entries == ("mace-small", "additive", "composition")
    (nitrogen,) = [line for line in element.lines if line.label == "N"]
    assert nitrogen.molecules == "4 / 6"
    id_error, ood_error, share = nitrogen.numbers[:3]
    assert (id_error.value, id_error.limits) == ("36.0", "32.4 to 43.2")
    assert (ood_error.value, share.value) == ("66.0", "25.0 %")


def test_a_potential_that_failed_on_a_task_is_not_in_its_tables(views):
    assert view(views, "element", "transfer").entries == ("additive", "composition")


def test_families_are_in_canonical_order_and_all_of_them_first(views):
    labels = [line.label for line in view(views, "family").lines]
    assert labels == ["alkane H", "alcohol OH", "amine NH₂", "acid COOH", "nitrile CN"]
    assert view(views, "energy").lines[0].label == "all families, ID"


def test_what_does_not_exist_is_a_dash(views):
    (line,) = [x for x in view(views, "energy").lines if x.label == "nitrile CN, OOD"]
    assert [n.value for n in line.numbers[:4]] == ["–", "–", "–", "60.0"]
    (none,) = [x for x in view(views, "novel_distance").lines if x.label.startswith("no novel")]
    assert none.molecules == "6"


def test_distances_from_novel_atoms_have_no_column_of_training_molecules(views):
    distances = view(views, "novel_distance")
    assert [name for name, _ in distances.columns] == ["OOD", "share"]
    assert distances.molecules == ", OOD"
    assert distances.lines[0].label == "0, the novel atoms"
    assert view(views, "end_distance").lines[1].label == "1 bond"


def test_figures_are_what_plotly_accepts(views):
    from plotly.graph_objects import Figure

    for each in views:
        json.dumps(each.figure, allow_nan=False)
        Figure(each.figure["figure"])
        Figure({"layout": {"yaxis": each.figure["axes"]["show"]}})
        assert each.task in each.caption


def test_figures_show_the_numbers_of_the_tables(views):
    traces = {t["name"]: t for t in view(views, "element").figure["figure"]["data"]}
    ood = traces["mace-small, OOD"]
    assert ood["y"] == pytest.approx([60.0, 63.0, 66.0, 69.0])
    assert ood["error_y"]["array"] == pytest.approx([0.2 * y for y in ood["y"]])
    assert ood["error_y"]["arrayminus"] == pytest.approx([0.1 * y for y in ood["y"]])
    assert ood["text"] == ["H", "C", "N", "O"]
    slopes = {t["name"]: t for t in view(views, "energy").figure["figure"]["data"]}
    assert slopes["mace-small, ID"]["y"] == pytest.approx([2.1] * 5)
    assert "CN" not in slopes["mace-small, ID"]["text"]


def test_molecules_without_a_novel_atom_are_not_joined_to_the_distances(views):
    trace = view(views, "novel_distance").figure["figure"]["data"][0]
    assert trace["mode"] == "lines+markers"
    assert trace["y"][-2] is None
    assert trace["y"][-1] is not None


def test_marks_of_potentials_and_parts_do_not_hide_each_other(views):
    first = [t["x"][0] for t in view(views, "element").figure["figure"]["data"]]
    assert len(set(first)) == len(first) == 6
    assert all(-0.5 < x < 0.5 for x in first)


def test_the_error_axis_without_the_scale_row_ends_below_it(views):
    axes = view(views, "element").figure["axes"]
    assert axes["show"]["range"][1] > math.log10(1800)
    assert axes["hide"]["range"][1] < math.log10(500)


def test_the_largest_errors_are_named_with_their_share():
    elements = attribution(30.0).forces[2]
    assert largest_errors(elements) == (
        "O (69.0 meV/Å, 25.0 % of the error), N (66.0 meV/Å, 25.0 % of the error)"
    )
    of_training = [row for row in elements.rows if row.part == "id"]
    assert largest_errors(elements.model_copy(update={"rows": tuple(of_training)})) == ""


def test_the_answer_says_where_the_largest_gap_is_from(found):
    (weakness,) = where_it_fails(build_board(found, metrics_of(found)[0], 2))
    assert weakness.sentence.endswith("There its force error on unseen molecules is largest")
    assert [by for by, _ in weakness.places] == [
        "by end group",
        "by chain length n",
        "by bonds from the end group",
        "by bonds",
    ]
    page = render_report(found)
    assert page.count("<li>by chain length n: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}12 (") == 1


def test_a_potential_of_several_seeds_is_shown_by_the_first(make_results):
    results = attributed(make_results(potentials=("additive",), seeds=(3, 1), failed=()))
    (additive,) = [e for e in entries_of(results) if e.seed in (None, 1)]
    mean = type(additive)(additive.potential, None, additive.role, additive.potential)
    views = attribution_views(results, styles_of([mean]))
    assert view(views, "element").lines[0].numbers[0].value == "81.0"


def test_results_without_attributions_have_no_such_section(results):
    text = whole(render_report(results))
    assert 'id="attribution"' not in text
    assert "#attribution" not in text
    assert attribution_views(results, styles_of(entries_of(results))) == ()


def test_a_grouping_without_rows_has_no_view(found):
    def emptied(score):
        first, *forces = score.attribution.forces
        split, *energy = score.attribution.energy
        changes = {
            "forces": (first.model_copy(update={"rows": ()}), *forces),
            "energy": (split.model_copy(update={"rows": ()}), *energy),
        }
        attribution = score.attribution.model_copy(update=changes)
        return first, split, score.model_copy(update={"attribution": attribution})

    first, split, _ = emptied(found.scores[0])
    bare = found.model_copy(update={"scores": tuple(emptied(s)[2] for s in found.scores)})
    before, after = (
        {(v.name, v.title) for v in attribution_views(r, styles_of(entries_of(r)))}
        for r in (found, bare)
    )
    gone = before - after
    assert {name for name, _ in gone} == {first.name, split.name}
    assert after < before


def test_results_of_which_some_have_an_attribution_show_those(found):
    old = [
        s.model_copy(update={"attribution": None}) if s.potential == "additive" else s
        for s in found.scores
    ]
    mixed = found.model_copy(update={"scores": tuple(old)})
    views = attribution_views(mixed, styles_of(entries_of(mixed)))
    assert view(views, "element").entries == ("mace-small", "composition")
    assert 'id="attribution"' in render_report(mixed)


def test_names_are_escaped(make_results):
    results = attributed(make_results(potentials=("additive", HOSTILE), failed=()))
    text = whole(render_report(results))
    assert HOSTILE not in text
    assert f">{html.escape(HOSTILE)}</th>" in text
    views = attribution_views(results, styles_of(entries_of(results)))
    names = [t["name"] for t in view(views, "element").figure["figure"]["data"]]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;, OOD" in names


def test_the_page_stays_small(make_results):
    names = ("composition", "additive", "mace-small", "p1", "p2", "p3", "p4", "p5")
    results = make_results(potentials=names, failed=())
    added = len(render_report(attributed(results))) - len(render_report(results))
    assert added < 1_500_000  # characters, of eight potentials on four tasks


def test_the_script_finds_what_the_section_draws_from(views):
    document = attribution_document(views)
    assert set(document["2"]["length"]) == {*GROUPS, "energy", "energy_offset"}
    assert set(document["2"]["length"]["element"]) == {"figure", "axes", "caption"}
