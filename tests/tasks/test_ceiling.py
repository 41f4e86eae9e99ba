import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import Split
from mlip_compose.tasks.ceiling import ceiling_selection, halves
from mlip_compose.tasks.selection import select_frames

NAMES = tuple(f"OH-{n}-H" for n in range(1, 8))
SPLIT = Split("length", 2, train=NAMES[:4], ood=NAMES[4:])

frame_counts = st.fixed_dictionaries({name: st.integers(4, 14) for name in NAMES})


def counted(primary, secondary=10):
    return lambda name, trajectory: primary[name] if trajectory == "primary" else secondary


def size(frames):
    return sum(len(indices) for indices in frames.values())


@given(n=st.integers(4, 500))
def test_halves_are_contiguous_and_not_next_to_each_other(n):
    train, test = halves(n)
    assert train.tolist() == list(range(len(train)))
    assert test.tolist() == list(range(n // 2, n))
    assert test[0] - train[-1] == 2
    assert len(test) - len(train) in (1, 2)


@given(primary=frame_counts, seed=st.integers(0, 5), data=st.data())
def test_no_tested_frame_nor_a_neighbour_of_one_is_trained_on(primary, seed, data):
    budget = data.draw(
        st.none() | st.integers(len(NAMES), sum(primary[name] for name in SPLIT.train))
    )
    ordinary = select_frames(SPLIT, counted(primary), budget, seed)
    ceiling = ceiling_selection(SPLIT, ordinary, counted(primary), seed)
    for name in SPLIT.ood:
        trained, tested = ceiling.train[name], ceiling.ood[name]
        assert len(trained) >= 1
        assert np.abs(trained[:, None] - tested[None, :]).min() >= 2
        assert set(tested.tolist()) <= set(ordinary.ood[name].tolist())
    assert ceiling.id == {}
    # the ordinary potential never saw any frame of these molecules
    assert not set(ceiling.ood) & set(ordinary.train)


@given(primary=frame_counts, seed=st.integers(0, 5), data=st.data())
def test_the_budget_is_that_of_the_ordinary_training_and_evenly_spread(primary, seed, data):
    budget = data.draw(
        st.none() | st.integers(len(NAMES), sum(primary[name] for name in SPLIT.train))
    )
    ordinary = select_frames(SPLIT, counted(primary), budget, seed)
    ceiling = ceiling_selection(SPLIT, ordinary, counted(primary), seed)
    assert size(ceiling.train) == size(ordinary.train)
    available = {name: primary[name] for name in SPLIT.train}
    available |= {name: len(halves(primary[name])[0]) for name in SPLIT.ood}
    shares = {name: len(ceiling.train[name]) for name in NAMES}
    most = max(shares.values())
    assert all(n >= most - 1 for name, n in shares.items() if n < available[name])
    for name in SPLIT.train:  # fewer frames of the same molecules, not other ones
        assert set(ceiling.train[name].tolist()) <= set(ordinary.train[name].tolist())
        assert ceiling.validation[name].tolist() == ordinary.validation[name].tolist()
    for indices in ceiling.train.values():
        assert indices.tolist() == sorted(set(indices.tolist()))


def test_unseen_molecules_without_training_frames_are_not_tested():
    n_frames = counted(dict.fromkeys(NAMES, 10))
    ordinary = select_frames(SPLIT, n_frames, 4, 3)
    ceiling = ceiling_selection(SPLIT, ordinary, n_frames, 3)
    assert size(ceiling.train) == 4
    assert set(ceiling.ood) == set(ceiling.train) & set(SPLIT.ood)
    assert 0 < len(ceiling.ood) < len(SPLIT.ood)
    assert set(ceiling.validation) == set(ceiling.train) & set(SPLIT.train)


def test_a_budget_that_reaches_no_unseen_molecule_is_refused():
    n_frames = counted(dict.fromkeys(NAMES, 10))
    ordinary = select_frames(SPLIT, n_frames, 1, 2)
    with pytest.raises(CoverageError, match="found a budget of 1 over 7 molecules"):
        ceiling_selection(SPLIT, ordinary, n_frames, 2)


def test_a_trajectory_too_short_to_cut_is_named():
    n_frames = counted(dict.fromkeys(NAMES, 10) | {"OH-6-H": 3})
    ordinary = select_frames(SPLIT, n_frames, 12, 0)
    with pytest.raises(CoverageError, match=r"4 or more primary frames.*OH-6-H \(3\)"):
        ceiling_selection(SPLIT, ordinary, n_frames, 0)
