import pytest

from mlip_compose.core.records import ReceptiveField
from mlip_compose.evaluation.horizon import horizons
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.horizons import horizon_panels, horizon_tables
from mlip_compose.report.sections.leaderboard import entries_of

HOSTILE = "</script><script>alert(1)</script>"
FIELDS = {
    "mace-small": ReceptiveField(6, 8.0, "2 layers of 4 Å"),
    "additive": ReceptiveField(3, 6.0, "torsions"),
    "composition": None,
}


def with_horizons(results):
    """As a study of several levels has them; gaps of mace-small are 1.9, 1.35, 1.5 and 2.3."""
    return results.model_copy(
        update={
            "horizons": horizons(results.scores),
            "units": tuple(
                unit.model_copy(update={"receptive_field": FIELDS[unit.potential]})
                for unit in results.units
            ),
        }
    )


@pytest.fixture(scope="module")
def study(make_results):
    return with_horizons(make_results(levels=(1, 2, 3)))


@pytest.fixture(scope="module")
def table(study):
    return horizon_tables(study, entries_of(study))[0]


def test_each_metric_has_a_table_the_force_error_first(study):
    tables = horizon_tables(study, entries_of(study))
    assert [t.metric for t in tables] == [
        "forces_mae",
        "forces_mae_novel",
        "energy_mae_per_atom_within",
    ]


def test_the_receptive_field_stands_beside_the_horizon(table):
    shown = {row.entry.potential: (row.bonds, row.angstrom, row.words) for row in table.rows}
    assert shown["mace-small"] == ("6", "8", "2 layers of 4 Å")
    assert shown["additive"] == ("3", "6", "torsions")
    assert shown["composition"] == ("–", "–", "not known")


def test_horizons_are_certain_uncertain_or_none(table):
    row = next(row for row in table.rows if row.entry.potential == "mace-small")
    found = dict(zip(table.tasks, row.cells, strict=True))
    assert (found["length"].text, found["length"].detail) == ("none", "of levels 1, 2, 3")
    assert (found["crossing"].text, found["crossing"].detail) == ("1", "certain")
    assert found["transfer"].text == "–"  # its training failed
    assert "smallest with a gap of at most 1.5 is none" in found["length"].note
    assert "1.90 (1.71 to 2.09) at level 3" in found["length"].note
    additive = next(row for row in table.rows if row.entry.potential == "additive")
    assert {cell.text for cell in additive.cells} == {"1"}


def test_an_interval_beyond_the_threshold_is_uncertain(study):
    (only,) = (
        h
        for h in study.horizons
        if (h.task, h.potential, h.metric) == ("crossing", "mace-small", "forces_mae")
    )
    changed = study.model_copy(update={"horizons": (only.model_copy(update={"certain": False}),)})
    (found,) = horizon_tables(changed, entries_of(changed))
    assert found.tasks == ("crossing",)
    assert found.rows[0].cells[0].detail == "uncertain"


def test_several_seeds_have_horizons_of_their_own(make_results):
    seeded = with_horizons(make_results(levels=(1, 2, 3), seeds=(0, 1), failed=()))
    means = tuple(
        horizon.model_copy(update={"seed": None})
        for horizon in seeded.horizons
        if horizon.seed == 0
    )
    both = seeded.model_copy(update={"horizons": (*seeded.horizons, *means)})
    mean = Entry("mace-small", None, "learned", "mace-small")
    (cell, *_) = horizon_tables(both, [mean])[0].rows[0].cells
    assert cell.note.endswith(" Of single seeds: none, none.")


def test_a_level_without_a_gap_is_a_dash(study):
    (only,) = (
        h
        for h in study.horizons
        if (h.task, h.potential, h.metric) == ("crossing", "mace-small", "forces_mae")
    )
    first, *rest = only.points
    points = (first.model_copy(update={"gap": None}), *rest)
    changed = study.model_copy(
        update={"horizons": (only.model_copy(update={"points": points, "horizon": 2}),)}
    )
    (found,) = horizon_tables(changed, entries_of(changed))
    assert "gaps: – at level 1, 1.35" in found.rows[0].cells[0].note


def test_the_figures_have_gap_and_error_of_each_task(study):
    panels = horizon_panels(study, styles_of(entries_of(study)))
    assert [(panel["task"], panel["what"][:3]) for panel in panels[:4]] == [
        ("length", "gap"),
        ("length", "OOD"),
        ("crossing", "gap"),
        ("crossing", "OOD"),
    ]
    figure = panels[0]["figure"]
    assert [trace["name"] for trace in figure["data"]] == ["mace-small", "additive"]
    assert figure["data"][0]["y"] == [1.9, 1.9, 1.9]
    assert [round(x) for x in figure["data"][0]["x"]] == [1, 2, 3]
    assert [shape["y0"] for shape in figure["layout"]["shapes"]] == [1.0, 1.5]
    assert "mace-small 1.90 (1.71 to 2.09) at r* = 1" in panels[0]["caption"]
    assert panels[1]["figure"]["layout"]["shapes"] == []
    transfer = next(panel for panel in panels if panel["task"] == "transfer")
    assert [trace["name"] for trace in transfer["figure"]["data"]] == ["additive"]


def test_the_page_has_the_section_only_with_horizons(study, results):
    text = render_report(study)
    assert 'id="horizon"' in text
    assert text.count('data-figure="horizons/') == 8
    assert "<dt>receptive field</dt>" in text
    assert "<dt>horizon</dt>" in text
    without = render_report(results)
    assert 'id="horizon"' not in without
    assert "#horizon" not in without


def test_a_study_of_one_level_has_no_horizon(results):
    assert horizon_tables(with_horizons(results), entries_of(results)) == ()
    assert 'id="horizon"' not in render_report(with_horizons(results))


def test_names_are_escaped(study):
    named = study.model_copy(
        update={
            key: tuple(
                part.model_copy(update={"potential": HOSTILE})
                if part.potential == "additive"
                else part
                for part in getattr(study, key)
            )
            for key in ("units", "scores", "horizons")
        }
    )
    text = render_report(named)
    assert HOSTILE not in text
    assert text.count("<script>") == render_report(study).count("<script>")
