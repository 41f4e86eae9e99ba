"""Weights with which ID atoms have the mix of environments that OOD atoms have."""

from collections import Counter

import numpy as np
import pytest

from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.series import parse_name
from mlip_compose.tasks.environments import environment_labels
from mlip_compose.tasks.matching import matching_weights
from mlip_compose.tasks.rules import TASKS


def molecules(*names):
    return [assemble(parse_name(name)) for name in names]


def mix(frames, radius, weights=None):
    """Return the share of each environment among all atoms of all frames."""
    found = Counter()
    for molecule, number in frames:
        own = np.ones(molecule.n_atoms) if weights is None else weights[molecule.name]
        for label, weight in zip(environment_labels(molecule, radius), own, strict=True):
            found[label] += number * weight
    return {label: count / found.total() for label, count in found.items() if count}


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_weighted_id_atoms_have_the_mix_of_the_ood_atoms(task, level):
    split = task.split(full(), level)
    by_name = {molecule.name: molecule for molecule in full()}
    rng = np.random.default_rng(level)
    id_frames = [(by_name[name], int(rng.integers(1, 40))) for name in split.train]
    ood_frames = [(by_name[name], int(rng.integers(1, 40))) for name in split.ood]
    weights = matching_weights(id_frames, ood_frames, level)
    assert mix(id_frames, level, weights) == pytest.approx(mix(ood_frames, level))
    total = sum(number * weights[molecule.name].sum() for molecule, number in id_frames)
    assert total == pytest.approx(sum(number * m.n_atoms for m, number in id_frames))
    assert not matching_weights(id_frames, ood_frames, level + 1)  # r* is no larger


def test_by_hand():
    ethane, propane = molecules("H-2-H", "H-3-H")
    weights = matching_weights([(ethane, 1), (propane, 2)], [(ethane, 5)], 1)
    # env(a, 1) of CH3: 2 carbons of 8 atoms in the OOD frames, 6 of 30 in the ID frames
    assert weights["H-2-H"][:2] == pytest.approx((2 / 8) / (6 / 30))
    # hydrogens: 6 of 8, and 6 + 16 of 30, those of CH2 and CH3 alike at one bond
    assert weights["H-2-H"][2:] == pytest.approx((6 / 8) / (22 / 30))
    middle = [a for a in range(3) if Counter(propane.bonds.ravel().tolist())[a] == 4]
    labels = environment_labels(propane, 1)
    (ch2,) = [a for a in middle if labels.count(labels[a]) == 1]
    assert weights["H-3-H"][ch2] == 0.0


def test_without_frames_or_a_radius_there_are_none():
    ethane, propane, ethanol = molecules("H-2-H", "H-3-H", "OH-2-H")
    assert not matching_weights([(ethane, 1)], [(propane, 1)], -1)
    assert not matching_weights([(ethane, 1)], [], 1)
    assert not matching_weights([(ethane, 1)], [(ethanol, 1)], 0)
    assert list(matching_weights([(ethane, 1), (propane, 0)], [(ethane, 1)], 0)) == ["H-2-H"]
