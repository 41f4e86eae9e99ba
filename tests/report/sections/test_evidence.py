import pytest

from mlip_compose.report.sections.evidence import evidence
from mlip_compose.report.sections.evidence_figures import evidence_panels, task_styles
from mlip_compose.tasks.certificate_schema import Certificate


@pytest.fixture
def certificate(results):
    return dict(results.certificates[0])


def test_the_synthetic_certificates_keep_the_schema_of_real_ones(results):
    for document in results.certificates:
        assert Certificate.model_validate(document).to_json() == document


def test_coverage_is_said_in_plain_words(certificate):
    said = evidence(certificate)
    assert said.sentences[0] == (
        "Every neighbourhood of radius 2 (an atom and all that is within 2 bonds) in the 60 unseen "
        "molecules also occurs in the 39 training molecules."
    )
    assert "At radius 3, 23.0 % of the atoms" in said.sentences[1]
    assert "31 different ones, around 180 atoms" in said.sentences[1]
    assert said.sentences[2] == (
        "The same atoms, with their neighbours, occur nearly as often in training as in the test "
        "(divergence at most 0.011); what they combine to differs more with its size, from 0.050 "
        "at radius 2 to 0.400 at radius 6 (0: alike, 1: nothing in common)."
    )
    assert "1.58 eV/Å in the OOD frames" in said.sentences[3]


@pytest.mark.parametrize(
    ("radius", "text"),
    [
        (-1, "Some elements in the 60 unseen molecules occur in none"),
        (0, "Every element in"),
        (1, "Every atom together with its direct neighbours in"),
    ],
)
def test_small_radii_have_words_of_their_own(certificate, radius, text):
    assert evidence(certificate | {"coverage_radius": radius}).sentences[0].startswith(text)


def test_a_certificate_that_does_not_count_surroundings_says_the_rest(certificate):
    del certificate["unseen"]
    said = evidence(certificate).sentences[1]
    assert said.endswith("surroundings that no training molecule shows. These are the novel atoms.")


def test_full_coverage_has_nothing_beyond(certificate):
    said = evidence(certificate | {"coverage_radius": 6, "coverage": [1.0] * 7})
    assert said.sentences[1] == "That is the largest radius that was looked at."


def test_a_radius_that_is_not_the_level_is_pointed_out(certificate):
    said = evidence(certificate | {"coverage_radius": 1})
    assert "holds up to radius 2, the level" in said.sentences[0]
    assert "the level" not in evidence(certificate).sentences[0]


def test_coverage_and_divergence_stand_side_by_side(certificate):
    reach = evidence(certificate).reach
    assert [(r.radius, r.covered, r.divergence) for r in reach[2:4]] == [
        (2, "100 %", "0.050"),
        (3, "77.0 %", "0.110"),
    ]


def test_leaks_are_told_by_their_reason(certificate):
    assert evidence(certificate).leaks == ()
    leaks = [{"kind": "molecule", "reason": "OOD molecule A is training molecule B"}, "plain"]
    assert evidence(certificate | {"leaks": leaks}).leaks == (
        "OOD molecule A is training molecule B",
        "plain",
    )


def test_without_frames_nothing_is_said_of_frames(certificate):
    bare = certificate | {"frames": None, "force_magnitude": None, "duplicate_tolerance": None}
    said = evidence(bare)
    assert "frame" not in said.sound
    assert len(said.sentences) == 3
    assert "frames" not in {label for label, _, _ in said.table}


def test_a_certificate_of_the_listed_keys_alone_can_be_shown():
    said = evidence({"task": "length", "level": 2})
    assert (said.task, said.radius, said.sentences) == ("length", "–", ())
    assert said.table[0] == ("molecules", "–", "–")


def test_atoms_that_are_not_alike_are_said_to_be_so(certificate):
    said = evidence(certificate | {"atom_divergence": [0.02, 0.3]})
    assert "not as often in training as in the test (divergence at most 0.300)" in said.sentences[2]


def test_unseen_surroundings_are_drawn(certificate):
    said = evidence(certificate)
    (found,) = said.unseen
    assert (found.molecule, found.atoms) == ("OH-7-H", "12")
    assert found.root in {at for at, _, _ in found.drawing.atoms}
    assert said.unseen_note.startswith("The 1 most frequent of 31")
    assert "3 bonds away" in said.unseen_note


def test_a_fragment_that_cannot_be_read_is_left_as_text(certificate):
    example = {"smiles": "<script>alert(1)</script>", "molecule": "A", "ood_atoms": 1}
    unseen = certificate["unseen"] | {"examples": [example], "count": 1}
    said = evidence(certificate | {"unseen": unseen})
    assert said.unseen[0].drawing is None
    assert said.unseen_note.startswith("All 1,")


def test_figures_show_coverage_and_divergence_of_every_task(results):
    found = [evidence(document) for document in results.certificates]
    styles = task_styles(found)
    coverage, divergence = evidence_panels(found, styles)
    assert (coverage["name"], divergence["name"]) == ("coverage", "divergence")
    names = [trace["name"] for trace in coverage["figure"]["data"]]
    assert names == list(styles) == ["length", "crossing", "transfer", "recombination"]
    assert coverage["figure"]["data"][0]["y"][:4] == [100.0, 100.0, 100.0, 77.0]
    assert divergence["figure"]["data"][0]["y"][2:4] == [0.05, 0.11]
    assert "length r* = 2" in coverage["caption"]
    assert "length 77.0 % at r = 3" in coverage["caption"]
    looks = {(t["line"]["dash"], t["marker"]["symbol"]) for t in coverage["figure"]["data"]}
    assert len(looks) == 4


def test_names_of_tasks_are_escaped_in_figures(results):
    hostile = evidence(dict(results.certificates[0]) | {"task": "<b>x</b>"})
    panels = evidence_panels([hostile], task_styles([hostile]))
    trace = panels[0]["figure"]["data"][0]
    assert trace["name"] == "&lt;b&gt;x&lt;/b&gt;"
    assert "<b>" not in "".join(trace["text"])


def test_certificates_without_coverage_have_no_figure():
    bare = evidence({"task": "length", "level": 2})
    assert evidence_panels([bare], task_styles([bare])) == []
