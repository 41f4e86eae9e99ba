import json

import pytest

from mlip_compose.evaluation.learning import levellings
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.leaderboard import runs_of
from mlip_compose.report.sections.learning import learning_panels

CURVE = [
    {"step": 100 * (i + 1), "forces_mae": error, "energy_mae_per_atom": 3.0}
    for i, error in enumerate([200.0, 100.0, 60.0, 59.0])
]


@pytest.fixture(scope="module")
def trained(results):
    units = tuple(
        unit.model_copy(update={"facts": {"validation_curve": CURVE}})
        if unit.role == "learned" and unit.status == "done"
        else unit
        for unit in results.units
    )
    curves = {unit.id: unit.facts.get("validation_curve", ()) for unit in units}
    return results.model_copy(update={"units": units, "levellings": levellings(curves)})


def panels_of(results):
    return learning_panels(results, 2, styles_of(runs_of(results)))


def test_curves_are_those_of_the_trainings(trained):
    panels = panels_of(trained)
    assert [panel["task"] for panel in panels] == ["length", "crossing", "recombination"]
    (trace,) = panels[0]["figure"]["data"]
    assert (trace["x"], trace["y"]) == ([100, 200, 300, 400], [200.0, 100.0, 60.0, 59.0])
    json.dumps(panels, allow_nan=False)


def test_it_is_said_whether_a_curve_levelled_off(trained):
    caption = panels_of(trained)[0]["caption"]
    assert caption.startswith("mace-small: 59.0 meV/Å after 400 steps, levelled off (")
    without = trained.model_copy(update={"levellings": ()})
    assert panels_of(without)[0]["caption"] == "mace-small: 59.0 meV/Å after 400 steps."


def test_ceilings_are_not_shown(trained):
    units = tuple(unit.model_copy(update={"ceiling": True}) for unit in trained.units)
    assert panels_of(trained.model_copy(update={"units": units})) == []


def test_the_page_has_the_section_only_with_curves(results, trained):
    assert '<section id="learning"' in render_report(trained)
    assert '<section id="learning"' not in render_report(results)
