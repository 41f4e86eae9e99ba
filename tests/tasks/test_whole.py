import numpy as np
import pytest

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.molecules.assembly import full
from mlip_compose.tasks.certificate import Certificate, certify
from mlip_compose.tasks.rules import TASKS, UNTRAINED, get_task
from mlip_compose.tasks.selection import select_frames

NAMES = ("OH-13-H", "F-1-OH", "OH-2-H", "H-2-H")


@pytest.fixture
def split(molecule):
    return get_task("whole").split([molecule(name) for name in NAMES], 2)


def test_it_is_not_among_the_four_tasks():
    assert "whole" not in TASKS
    assert list(UNTRAINED) == ["whole"]
    assert len(TASKS) == 4


def test_every_molecule_is_a_test_those_with_one_end_group_first(split):
    assert split.train == split.missing == ()
    assert split.ood == ("H-2-H", "OH-2-H", "OH-13-H", "OH-1-F")
    assert not split.trains


def test_on_the_full_set_the_order_is_that_of_the_full_set():
    molecules = full()
    assert get_task("whole").split(reversed(molecules), 2).ood == tuple(m.name for m in molecules)


def test_there_is_one_level():
    with pytest.raises(RequestError, match=r"the task 'whole': 2; found 1"):
        get_task("whole").check_level(1)


@pytest.mark.parametrize("budget", [None, 400])
def test_frames_are_those_of_the_primary_trajectories_whatever_the_budget(split, budget):
    frames = {"primary": 3, "secondary": 0}
    chosen = select_frames(split, lambda _, trajectory: frames[trajectory], budget, 0)
    assert not chosen.train
    assert not chosen.validation
    assert not chosen.id
    assert {name: list(indices) for name, indices in chosen.ood.items()} == {
        name: [0, 1, 2] for name in split.ood
    }


def test_a_molecule_without_frames_is_refused(split):
    with pytest.raises(CoverageError, match="primary"):
        select_frames(split, lambda *_: 0, None, 0)


def test_nothing_is_covered_and_nothing_diverges(split, molecule, toy_frames):
    molecules = {name: molecule(name) for name in split.ood}
    selection = select_frames(split, lambda *_: 2, None, 0)

    def frames(name, trajectory, indices):
        assert list(indices) == [0, 1]
        return toy_frames(molecules[name], trajectory, 2)

    found = certify(split, molecules.values(), selection, frames)
    assert found.coverage_radius == -1
    assert set(found.coverage) == {0.0}
    assert found.atom_divergence == found.compound_divergence == ()
    assert found.heavy_atoms is None
    assert found.force_magnitude is None
    assert found.frames.ood == 8
    assert found.leaks == ()
    assert found.unseen.radius == 0
    assert found.unseen.ood_atoms == sum(m.n_atoms for m in molecules.values())
    assert Certificate.model_validate(found.to_json()) == found


def test_no_molecules_are_refused():
    nothing = get_task("whole").split([], 2)
    with pytest.raises(CoverageError, match="test on"):
        certify(nothing, [])
    assert np.size(nothing.ood) == 0
