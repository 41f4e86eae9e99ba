"""Group additivity in the report: the reference's deviations beside the potentials' errors."""

import json
import re

import pytest
from whole_page import island

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.additivity import reaction_errors, reference_additivity
from mlip_compose.evaluation.relaxations import Relaxations
from mlip_compose.evaluation.results import ReactionScore
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.leaderboard import entries_of
from mlip_compose.report.sections.reaction_figures import shown as shown_energy
from mlip_compose.report.sections.reactions import reactions_of

GROUPS = {"H": 0.3, "OH": -2.0, "F": -1.7}
NAMES = [f"{x}-{n}-{y}" for x, y in ("HH", ("OH", "H"), "FH", ("OH", "F")) for n in (2, 3)]


def energy(molecule):
    close = -0.1 if molecule.name == "OH-2-F" else 0.0
    return (
        GROUPS[molecule.parts.left]
        + GROUPS[molecule.parts.right]
        - 4.1 * molecule.parts.chain
        + close
    )


def reaction(kind, name, family, part, reference, error, relaxed=None):
    return ReactionScore(
        name=name,
        kind=kind,
        family=family,
        chain=2,
        part=part,
        reference=reference,
        predicted=reference + error,
        predicted_relaxed=None if relaxed is None else reference + relaxed,
    )


@pytest.fixture(scope="module")
def with_reactions(results):
    minima = {name: assemble(parse_name(name)) for name in NAMES}
    additivity = reference_additivity(
        "toy", "gfn2-xtb", {name: (m, energy(m)) for name, m in minima.items()}, 50
    )
    reactions = (
        reaction("exchange", "OH-2-F + H-2-H -> OH-2-H + <F>", "OH+F", "ood", 2.3, -1.5, 0.5),
        reaction("increment", "F-2-H -> F-3-H", "F", "id", -94.5, 0.25),
    )
    scores = tuple(s.model_copy(update={"reactions": reactions}) for s in results.scores)
    relaxed = Relaxations(
        task="length",
        level=2,
        seed=0,
        potential="additive",
        part="ood",
        molecules=11,
        rmsd=Interval(value=0.042, low=0.03, high=0.06),
        largest=0.11,
        largest_of="OH-12-H",
        failed={"CN-9-H": "bonds broke <or> formed"},
    )
    return results.model_copy(
        update={
            "scores": scores,
            "additivity": additivity,
            "reaction_errors": reaction_errors(scores),
            "relaxations": (relaxed,),
        }
    )


@pytest.fixture(scope="module")
def shown(with_reactions):
    return reactions_of(with_reactions, styles_of(entries_of(with_reactions)))


def test_the_reference_is_said_to_be_as_additive_as_it_is(shown):
    exchanges, increments, limit = shown.sentences
    # 0.1 eV in one of two exchanges
    assert "the 2 exchanges" in exchanges
    assert "1.15 kcal/mol in size on average, 2.31 at most (OH-2-F + H-2-H" in exchanges
    assert "No potential should be asked" in limit
    assert "The 4 CH₂ increments" in increments
    assert shown.together[0][:3] == ("exchanges, X-R-Y + H-R-H → X-R-H + H-R-Y", "0", "2")
    by_n = next(table for table in shown.details if table.title == "exchanges, by n")
    assert [row[0] for row in by_n.rows] == ["n = 2", "n = 3"]


def test_errors_are_those_recorded(shown):
    (row,) = [
        row
        for row in shown.errors[2]
        if row.head == ("length", "exchanges", "additive", "own minima")
    ]
    assert row.id == ()
    assert row.ood == ("1", "0.500", "", "0.500", "OH-2-F + H-2-H → OH-2-H + <F>")
    assert shown.distances[2] == (
        ("length", "OOD", "additive", "11", "1", "0.042", "0.030 to 0.060", "0.110", "OH-12-H"),
    )


def test_both_parts_of_a_kind_of_reaction_stand_in_one_row(with_reactions):
    scores = tuple(
        s.model_copy(
            update={
                "reactions": tuple(
                    r.model_copy(update={"kind": "increment", "reference": r.predicted})
                    for r in s.reactions
                )
            }
        )
        for s in with_reactions.scores
    )
    changed = with_reactions.model_copy(update={"reaction_errors": reaction_errors(scores)})
    rows = reactions_of(changed, styles_of(entries_of(changed))).errors[2]
    (row,) = [
        row
        for row in rows
        if row.head == ("length", "CH₂ increments", "additive", "reference's minima")
    ]
    assert (row.id[:2], row.ood[:2]) == (("1", "0"), ("1", "0"))


def test_dots_are_the_reactions_of_all_but_scale_rows(shown):
    assert [(p.task, p.title.split(",")[0]) for p in shown.panels][:2] == [
        ("length", "exchanges"),
        ("length", "CH₂ increments"),
    ]
    figure = shown.panels[0].figure
    assert [trace["name"] for trace in figure["data"]] == [
        "reference, OOD",
        "mace-small, OOD",
        "additive, OOD",
    ]
    assert [trace["x"] for trace in figure["data"][:2]] == [[2.3], [1.5]]
    assert figure["data"][1]["marker"]["symbol"].endswith("-open")
    assert figure["layout"]["yaxis"]["ticktext"] == ["reference", "mace-small", "additive"]
    assert "<F>" not in figure["data"][1]["text"][0]
    assert "mace-small OOD 1.50" in shown.panels[0].caption


def test_increments_are_with_element_offsets_where_there_are_any(shown):
    deviation, error = (trace["x"][0] for trace in shown.panels[1].figure["data"][:3:2])
    assert deviation < 5.0  # from the mean, not from zero
    assert error == pytest.approx(0.25)
    one = reaction("increment", "F-2-H -> F-3-H", "F", "id", -94.5, 0.25)
    offset = one.model_copy(update={"predicted_offset": -94.0})
    assert (shown_energy(one, "increment"), shown_energy(offset, "increment")) == (-94.25, -94.0)
    assert shown_energy(offset, "exchange") == -94.25


def test_errors_of_zero_stand_at_the_edge(shown):
    for panel in shown.panels:
        assert all(x > 0 for trace in panel.figure["data"] for x in trace["x"])


def test_the_page_has_the_section_with_text_alternatives(with_reactions):
    page = render_report(with_reactions)
    assert '<section id="reactions"' in page
    plots = re.findall(r'"reactions/(\d+)/figure" role="img" aria-label="([^"]+)"', page)
    assert [int(i) for i, _ in plots] == list(range(len(island(page)["reactions"])))
    assert all("Mean absolute errors" in label for _, label in plots)
    assert "additive on length: CN-9-H, bonds broke &lt;or&gt; formed" in page
    assert "<F>" not in page


def test_results_of_before_load_and_show_nothing(with_reactions, results):
    assert reactions_of(results, {}) is None
    assert '<section id="reactions"' not in render_report(results)
    document = json.loads(with_reactions.model_dump_json())
    assert StudyResults.model_validate(document) == with_reactions
    for key in ("additivity", "reaction_errors", "relaxations"):
        del document[key]
    assert StudyResults.model_validate(document).additivity is None


def test_several_levels_have_panels_of_their_own(make_results, with_reactions):
    results = make_results(levels=(1, 2))
    reactions = with_reactions.scores[0].reactions
    scores = tuple(s.model_copy(update={"reactions": reactions}) for s in results.scores)
    results = results.model_copy(update={"scores": scores, "additivity": with_reactions.additivity})
    found = reactions_of(results, styles_of(entries_of(results)))
    assert {panel.level for panel in found.panels} == {1, 2}
    assert '<section id="reactions"' in render_report(results)
