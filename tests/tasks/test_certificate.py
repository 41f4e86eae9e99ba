import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import Split
from mlip_compose.molecules.assembly import full
from mlip_compose.tasks.certificate import Certificate, certify
from mlip_compose.tasks.coverage import novel_atoms
from mlip_compose.tasks.divergence import environment_divergence
from mlip_compose.tasks.environments import environment_labels
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE
from mlip_compose.tasks.rules import TASKS, get_task
from mlip_compose.tasks.selection import select_frames

SMALL = Split("length", 1, train=("OH-2-H", "H-2-H"), ood=("OH-7-H", "H-8-H"))


def with_frames(split, made_up_frames, train_frames=None):
    selection = select_frames(split, lambda name, trajectory: 6, train_frames, 0)
    return certify(split, full(), selection, made_up_frames)


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", TASKS)
def test_the_full_set_is_certified(name, level):
    certificate = certify(get_task(name).split(full(), level), full())
    assert (certificate.task, certificate.level) == (name, level)
    assert certificate.coverage_radius == level
    assert certificate.leaks == ()
    assert certificate.unseen.radius == level + 1
    assert certificate.unseen.count >= len(certificate.unseen.examples) > 0
    # what CFQ asks for: primitives much alike, compounds less and less
    assert max(certificate.atom_divergence) < min(0.2, *certificate.compound_divergence[2:])
    assert list(certificate.compound_divergence) == sorted(certificate.compound_divergence)


def test_what_it_says_of_molecules(by_name):
    certificate = certify(SMALL, full())
    assert certificate.train_molecules == SMALL.train
    assert certificate.ood_molecules == SMALL.ood
    assert certificate.sizes.model_dump() == {
        "train_molecules": 2,
        "ood_molecules": 2,
        "train_atoms": 9 + 8,
        "ood_atoms": 24 + 26,
    }
    assert certificate.elements.train == {"H": 12, "C": 4, "O": 1}
    assert list(certificate.elements.train) == ["H", "C", "O"]
    assert certificate.elements.ood == {"H": 34, "C": 15, "O": 1}
    assert certificate.heavy_atoms.model_dump() == {
        "id": 2.5,
        "ood": 8.0,
        "shift": 5.5,
        "unit": "atoms",
    }
    train, ood = ([by_name[n] for n in names] for names in (SMALL.train, SMALL.ood))
    assert certificate.atom_divergence[1] == environment_divergence(train, ood, 1, 0.5)
    assert certificate.compound_divergence[0] == environment_divergence(train, ood, 2, 0.1)
    assert certificate.compound_divergence_radii == (2, 3, 4, 5, 6)
    assert certificate.frames is None
    assert certificate.force_magnitude is None
    assert certificate.duplicate_tolerance is None


def test_unseen_environments_are_those_of_the_novel_atoms(by_name):
    certificate = certify(SMALL, full())
    train = [by_name[n] for n in SMALL.train]
    radius = certificate.coverage_radius + 1
    novel = {name: novel_atoms(by_name[name], train, radius) for name in SMALL.ood}
    assert certificate.unseen.ood_atoms == sum(mask.sum() for mask in novel.values())
    for example in certificate.unseen.examples:
        labels = np.array(environment_labels(by_name[example.molecule], radius))
        assert novel[example.molecule][labels == example.label].all()
        assert example.smiles.count(":1]") == 1
    assert sum(e.ood_atoms for e in certificate.unseen.examples) <= certificate.unseen.ood_atoms
    assert [e.ood_atoms for e in certificate.unseen.examples] == sorted(
        (e.ood_atoms for e in certificate.unseen.examples), reverse=True
    )


def test_what_it_says_of_frames(made_up_frames):
    certificate = with_frames(SMALL, made_up_frames)
    assert certificate.frames.model_dump() == {"train": 12, "validation": 2, "id": 10, "ood": 12}
    assert certificate.force_magnitude.model_dump() == {
        "id": 2.0,
        "ood": 1.0,
        "shift": -1.0,
        "unit": "eV/Angstrom",
    }
    assert certificate.duplicate_tolerance == DUPLICATE_TOLERANCE
    assert certificate.leaks == ()


def test_molecules_without_training_frames_are_not_counted_as_seen(made_up_frames):
    certificate = with_frames(SMALL, made_up_frames, train_frames=1)
    assert certificate.sizes.train_molecules == len(certificate.train_molecules) == 1
    # the one molecule is ethane or ethanol: with ethane alone oxygen is unseen
    expected = certify(replace(SMALL, train=certificate.train_molecules), full())
    assert certificate.coverage == expected.coverage


def test_json_round_trip(made_up_frames):
    for certificate in (certify(SMALL, full()), with_frames(SMALL, made_up_frames)):
        text = json.dumps(certificate.to_json(), allow_nan=False)
        assert Certificate.model_validate(json.loads(text)) == certificate
    assert certificate.to_json()["coverage_radii"] == [0, 1, 2, 3, 4, 5, 6]
    with pytest.raises(ValidationError, match="surprise"):
        Certificate.model_validate({**certificate.to_json(), "surprise": 1})


@pytest.mark.parametrize("name", TASKS)
def test_renumbering_atoms_changes_nothing(name, renumber):
    rng = np.random.default_rng(0)
    renumbered = [renumber(m, rng.permutation(m.n_atoms).tolist()) for m in full()]
    task = get_task(name)
    before, after = (certify(task.split(ms, 2), ms) for ms in (full(), renumbered))
    assert after.to_json() == before.to_json()


def test_a_shared_molecule_and_shared_frames_are_leaks(made_up_frames):
    split = replace(SMALL, ood=("OH-7-H", "OH-2-H"))
    leaks = with_frames(split, made_up_frames).leaks
    assert [(leak.kind, leak.part, leak.test_molecule) for leak in leaks] == [
        ("molecule", "ood", "OH-2-H"),
        ("frames", "ood", "OH-2-H"),
    ]
    assert leaks[1].frame_pairs == 6


def test_an_element_that_training_lacks_gives_radius_minus_1():
    certificate = certify(replace(SMALL, ood=("F-4-H",)), full())
    assert certificate.coverage_radius == -1
    assert certificate.unseen.radius == 0
    assert [e.smiles for e in certificate.unseen.examples] == ["[F:1]"]


def test_training_on_the_test_leaves_nothing_unseen():
    certificate = certify(replace(SMALL, ood=SMALL.train), full())
    assert certificate.coverage_radius == 6
    assert (certificate.unseen.count, certificate.unseen.examples) == (0, ())
    assert set(certificate.atom_divergence + certificate.compound_divergence) == {0.0}


def test_splits_that_cannot_be_certified():
    with pytest.raises(CoverageError, match="no OH-7-H"):
        certify(SMALL, [m for m in full() if m.name != "OH-7-H"])
    with pytest.raises(CoverageError, match="molecule to test on in 'length' at level 1"):
        certify(replace(SMALL, ood=()), full())
    selection = select_frames(SMALL, lambda name, trajectory: 6, None, 0)
    with pytest.raises(TypeError, match="both selection and frames"):
        certify(SMALL, full(), selection)
