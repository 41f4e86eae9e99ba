from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mlip_compose.core.records import FrameSelection, Parts, Split
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints
from mlip_compose.tasks.leaks import shared_frames, shared_molecules
from mlip_compose.tasks.selection import select_frames

SPLIT = Split("length", 1, train=("OH-2-H", "H-3-H"), ood=("OH-8-H",))


def select(split=SPLIT, n=10):
    return select_frames(split, lambda name, trajectory: n, None, 0)


def disguise(positions, numbers):
    """Turn, move and reflect a frame, and exchange its like atoms at random."""
    rng = np.random.default_rng(1)
    order = np.arange(len(numbers))
    for number in np.unique(numbers):
        where = np.flatnonzero(numbers == number)
        order[where] = rng.permutation(where)
    return -Rotation.random(rng=rng).apply(positions[order]) + [3.0, -7.0, 0.5]


def with_copy(source, by_name, copied, pasted, noise=0.0):
    """Put a disguised copy of one frame in another's place."""

    def frames(name, trajectory, indices):
        made = source(name, trajectory, indices)
        if (name, trajectory) == pasted[:2] and pasted[2] in indices:
            original = source(*copied[:2], np.array([copied[2]])).positions[0]
            where = np.flatnonzero(indices == pasted[2])
            shift = noise * np.random.default_rng(2).normal(size=original.shape)
            made.positions[where] = disguise(original + shift, by_name[name].numbers)
        return made

    return frames


def test_no_leak_where_nothing_is_shared(by_name, made_up_frames):
    assert shared_frames(by_name, select(), made_up_frames) == []
    assert shared_molecules([by_name["OH-2-H"]], [by_name["OH-3-H"]]) == []


def test_a_shared_molecule_is_found_under_any_name(by_name):
    same = by_name["OH-2-NH2"].called("NH2-2-OH")
    (leak,) = shared_molecules([by_name["OH-2-NH2"], by_name["H-2-H"]], [by_name["F-2-H"], same])
    assert (leak.kind, leak.part) == ("molecule", "ood")
    assert (leak.train_molecule, leak.test_molecule) == ("OH-2-NH2", "NH2-2-OH")
    assert same.inchikey in str(leak)


@pytest.mark.parametrize("noise", [0.0, DUPLICATE_TOLERANCE / 5])
def test_a_frame_of_the_id_test_in_training(by_name, made_up_frames, noise):
    copied, pasted = ("OH-2-H", "secondary", 7), ("OH-2-H", "primary", 4)
    frames = with_copy(made_up_frames, by_name, copied, pasted, noise)
    (leak,) = shared_frames(by_name, select(), frames)
    assert (leak.kind, leak.part, leak.frame_pairs) == ("frames", "id", 1)
    assert leak.examples == ((4, 7),)
    assert "OH-2-H" in str(leak)


def test_a_frame_that_differs_by_more_than_the_tolerance(by_name, made_up_frames):
    copied, pasted = ("OH-2-H", "secondary", 7), ("OH-2-H", "primary", 4)
    frames = with_copy(made_up_frames, by_name, copied, pasted, noise=DUPLICATE_TOLERANCE * 10)
    assert shared_frames(by_name, select(), frames) == []
    assert len(shared_frames(by_name, select(), frames, tolerance=0.2)) == 1


def test_validation_frames_are_no_test_frames(by_name, made_up_frames):
    copied, pasted = ("OH-2-H", "secondary", 0), ("OH-2-H", "primary", 4)
    frames = with_copy(made_up_frames, by_name, copied, pasted)
    assert shared_frames(by_name, select(), frames) == []


def test_an_ood_frame_of_an_isomer_in_training(by_name, made_up_frames):
    """Hydroxypropanal and butanoic acid are different molecules of one formula."""
    isomer = assemble(Parts("OH", 3, "CHO"))
    molecules = {**by_name, isomer.name: isomer}
    split = Split("made up", 1, train=("COOH-3-H",), ood=(isomer.name,))
    acid = by_name["COOH-3-H"]
    order = [np.flatnonzero(isomer.numbers == z) for z in acid.numbers]
    assert sorted(acid.numbers) == sorted(isomer.numbers)
    taken = {int(z): 0 for z in acid.numbers}
    place = []
    for z, where in zip(acid.numbers.tolist(), order, strict=True):
        place.append(int(where[taken[z]]))
        taken[z] += 1

    def frames(name, trajectory, indices):
        if name != isomer.name:
            return made_up_frames(name, trajectory, indices)
        made = made_up_frames("COOH-3-H", trajectory, indices)
        positions = np.empty_like(made.positions)
        positions[:, place] = made.positions
        return replace(made, molecule=name, positions=positions)

    selection = select_frames(split, lambda name, trajectory: 6, None, 0)
    (leak,) = shared_frames(molecules, selection, frames)
    assert (leak.part, leak.train_molecule, leak.test_molecule) == ("ood", "COOH-3-H", isomer.name)
    assert leak.frame_pairs == 6
    assert leak.examples == tuple((i, i) for i in range(5))


def test_frames_chosen_twice_leak(by_name, made_up_frames):
    indices = np.arange(5)
    selection = FrameSelection(
        train={"F-2-H": indices},
        validation={},
        id={"F-2-H": indices},
        ood={"F-2-H": indices[3:]},
    )
    (leak,) = shared_frames(by_name, selection, made_up_frames)
    assert (leak.part, leak.examples) == ("ood", ((3, 3), (4, 4)))


def test_the_search_tree_misses_no_pair(by_name):
    """Against the definition: the rms of all sorted distances, on dense clusters of frames."""
    rng = np.random.default_rng(3)
    molecule = full()[0]
    base = rng.normal(size=(molecule.n_atoms, 3))
    frames = [base + rng.normal(scale=0.0012, size=(40, molecule.n_atoms, 3)) for _ in range(2)]
    made = [Fingerprints(molecule.numbers, positions) for positions in frames]
    one, other = (prints.distances for prints in made)
    rms = np.sqrt(np.mean((one[:, None] - other[None]) ** 2, axis=2))
    expected = [tuple(pair) for pair in np.argwhere(rms <= DUPLICATE_TOLERANCE).tolist()]
    assert 0 < len(expected) < rms.size
    assert made[0].pairs_with(made[1], DUPLICATE_TOLERANCE) == expected
