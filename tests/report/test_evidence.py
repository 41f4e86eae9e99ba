import pytest

from mlip_compose.report.evidence import evidence
from mlip_compose.tasks.schema import Certificate


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
    assert "1.58 eV/Å in the OOD frames" in said.sentences[2]


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
    assert len(said.sentences) == 2
    assert "frames" not in {label for label, _, _ in said.table}


def test_a_certificate_of_the_listed_keys_alone_can_be_shown():
    said = evidence({"task": "length", "level": 2})
    assert (said.task, said.radius, said.sentences) == ("length", "–", ())
    assert said.table[0] == ("molecules", "–", "–")
