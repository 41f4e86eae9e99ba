import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import Split
from mlip_compose.tasks.selection import select_frames

NAMES = tuple(f"OH-{n}-H" for n in range(1, 8))
SPLIT = Split("length", 2, train=NAMES[:5], ood=NAMES[5:])

frame_counts = st.fixed_dictionaries({name: st.integers(1, 12) for name in NAMES})


def counted(primary, secondary=10):
    return lambda name, trajectory: primary[name] if trajectory == "primary" else secondary


def plenty(name, trajectory):
    return {"primary": 40, "secondary": 15}[trajectory]


def chosen(selection):
    return {(name, int(i)) for name, indices in selection.train.items() for i in indices}


@given(primary=frame_counts, seed=st.integers(0, 5), data=st.data())
def test_training_frames_are_the_budget_even_and_nested(primary, seed, data):
    total = sum(primary[name] for name in SPLIT.train)
    small = data.draw(st.integers(1, total))
    large = data.draw(st.integers(small, total))
    selections = [select_frames(SPLIT, counted(primary), n, seed) for n in (small, large)]
    assert [len(chosen(s)) for s in selections] == [small, large]
    assert chosen(selections[0]) <= chosen(selections[1])
    for selection in selections:
        shares = {name: len(selection.train.get(name, ())) for name in SPLIT.train}
        most = max(shares.values())
        assert all(n >= most - 1 for name, n in shares.items() if n < primary[name])
        for name, indices in selection.train.items():
            assert indices.tolist() == sorted(set(indices.tolist()))
            assert 0 <= indices.min() <= indices.max() < primary[name]


def test_every_frame_by_default():
    selection = select_frames(SPLIT, plenty, None, 0)
    assert list(selection.train) == list(SPLIT.train)
    assert all(indices.tolist() == list(range(40)) for indices in selection.train.values())


def test_the_other_parts():
    selection = select_frames(SPLIT, plenty, 10, 0)
    assert list(selection.ood) == list(SPLIT.ood)
    assert all(indices.tolist() == list(range(40)) for indices in selection.ood.values())
    for name in SPLIT.train:
        assert selection.validation[name].tolist() == [0, 1, 2]
        assert selection.id[name].tolist() == list(range(3, 15))
    small = select_frames(SPLIT, counted(dict.fromkeys(NAMES, 3), secondary=2), None, 0)
    assert (small.validation["OH-1-H"].tolist(), small.id["OH-1-H"].tolist()) == ([0], [1])


def test_no_frame_plays_two_parts():
    taken = [
        (name, trajectory, int(i))
        for _, name, trajectory, indices in select_frames(SPLIT, plenty, 60, 3).wanted()
        for i in indices
    ]
    assert len(taken) == len(set(taken)) == 60 + 5 * 15 + 2 * 40


def test_the_choice_is_fixed_by_the_seed():
    first, again, other = (select_frames(SPLIT, plenty, 23, seed) for seed in (4, 4, 5))
    assert chosen(first) == chosen(again) != chosen(other)
    assert first.train["OH-1-H"].tolist() == [0, 1, 8, 13, 26]


def test_a_molecules_frames_do_not_depend_on_the_other_molecules():
    fewer = Split("length", 2, train=NAMES[2:5], ood=NAMES[5:])
    alone, among = select_frames(fewer, plenty, 15, 1), select_frames(SPLIT, plenty, 25, 1)
    assert all(np.array_equal(alone.train[name], among.train[name]) for name in fewer.train)


def test_molecules_without_training_frames_are_in_no_part():
    selection = select_frames(SPLIT, plenty, 3, 0)
    assert len(selection.train) == 3
    assert set(selection.validation) == set(selection.id) == set(selection.train)
    assert list(selection.train) == [name for name in SPLIT.train if name in selection.train]


def test_a_budget_beyond_the_data_is_refused():
    with pytest.raises(CoverageError, match=r"expected 201 primary frames.*found 200 frames of 5"):
        select_frames(SPLIT, plenty, 201, 0)


@pytest.mark.parametrize("budget", [0, -3])
def test_a_budget_below_one_is_refused(budget):
    with pytest.raises(RequestError, match="train_frames of 1 or more"):
        select_frames(SPLIT, plenty, budget, 0)


@pytest.mark.parametrize(
    ("name", "trajectory", "n"),
    [("OH-2-H", "primary", 0), ("OH-2-H", "secondary", 1), ("OH-6-H", "primary", 0)],
)
def test_a_molecule_with_too_few_frames_is_named(name, trajectory, n):
    def frames(molecule, which):
        return n if (molecule, which) == (name, trajectory) else plenty(molecule, which)

    with pytest.raises(CoverageError, match=rf"{trajectory} frames.*{name} \({n}\)"):
        select_frames(SPLIT, frames, 10, 0)


def test_an_ood_molecule_needs_no_secondary_frames():
    def frames(molecule, which):
        return 0 if molecule in SPLIT.ood and which == "secondary" else plenty(molecule, which)

    assert len(chosen(select_frames(SPLIT, frames, 10, 0))) == 10


@pytest.mark.parametrize(
    "split",
    [Split("length", 1, (), NAMES, missing=("F-1-H",)), Split("length", 1, NAMES, ())],
)
def test_a_split_without_training_or_ood_molecules_is_refused(split):
    with pytest.raises(CoverageError, match=r"molecule to (train|test) on in 'length'"):
        select_frames(split, plenty, 10, 0)
