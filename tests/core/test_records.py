"""Records that every room uses: names of splits, graphs of molecules."""

from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.core.records import SplitKey


def test_a_split_is_written_and_read_in_one_way():
    key = SplitKey("length", 2, 0)
    assert str(key) == "length_L2_s0"
    assert key.words == "length, level 2, seed 0"
    assert key.file_name("my model_2/a") == "length_L2_my-model-2-a_s0"
    for name in ("length_L2_s0", "my_L3_task_L1_s12", "whole_L-1_s7"):
        assert str(SplitKey.parse(name)) == name


@pytest.mark.parametrize("text", ["", "length", "length_L2", "_L2_s0", "length_L2_s-1", "a_Lx_s0"])
def test_what_names_no_split_is_refused(text):
    with pytest.raises(ValueError, match="expected a split such as length_L2_s0"):
        SplitKey.parse(text)


def test_splits_are_ordered_and_tell_dictionaries_apart():
    keys = [SplitKey("length", 10, 0), SplitKey("length", 2, 1), SplitKey("crossing", 3, 0)]
    assert [str(key) for key in sorted(keys)] == ["crossing_L3_s0", "length_L2_s1", "length_L10_s0"]
    assert {SplitKey("length", 2, 1): 1}[keys[1]] == 1


def test_a_molecule_knows_its_neighbours_and_how_far_apart_its_atoms_are(molecule):
    methanol = molecule("OH-1-H")
    carbon, oxygen = (int(np.flatnonzero(methanol.numbers == z)[0]) for z in (6, 8))
    hydroxyl = next(a for a, _ in methanol.neighbours[oxygen] if a != carbon)
    methyl = [a for a, _ in methanol.neighbours[carbon] if a != oxygen]
    separations = methanol.separations
    assert {order for bonded in methanol.neighbours for _, order in bonded} == {1}
    assert [separations[hydroxyl, a] for a in (hydroxyl, oxygen, carbon, *methyl)] == [
        0, 1, 2, 3, 3, 3,
    ]  # fmt: skip
    np.testing.assert_array_equal(separations, separations.T)
    with pytest.raises(ValueError, match="read-only"):
        separations[0, 0] = 1


def test_atoms_that_nothing_connects_are_at_no_distance(molecule):
    methanol = molecule("OH-1-H")
    oxygen = int(np.flatnonzero(methanol.numbers == 8)[0])
    loose = replace(
        methanol,
        bonds=methanol.bonds[~(methanol.bonds == oxygen).any(axis=1)],
        bond_orders=np.ones(3, dtype=np.uint8),
    )
    away = loose.separations[oxygen]
    assert away[oxygen] == 0
    assert (np.delete(away, oxygen) == -1).all()
    single = replace(loose, bonds=np.empty((0, 2), np.uint8), bond_orders=np.empty(0, np.uint8))
    np.testing.assert_array_equal(single.separations == 0, np.eye(loose.n_atoms, dtype=bool))
