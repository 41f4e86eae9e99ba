"""The slope and its uncertainty: that of theory, held against what frames really do."""

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY
from mlip_compose.datasets.readings import Reading
from mlip_compose.datasets.slope import ENOUGH, FEW, LabelledFrames, PairSums, pair_sums, slope_of
from mlip_compose.store.catalogue import open_dataset


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def labelled(mini, name, rows=slice(None)):
    frames = mini.frames(name, PRIMARY)
    labels = (frames.positions[rows], frames.energy[rows], frames.forces[rows])
    return LabelledFrames(name, mini.molecules[name].numbers, *labels)


@pytest.mark.parametrize("count", [4, 8, 20])
def test_the_interval_holds_1_about_as_often_as_it_says(mini, count):
    rng, held = np.random.default_rng(count), []
    for name in list(mini.molecules)[::4]:
        if mini.n_frames(name, PRIMARY) >= 20:
            rows = np.sort(rng.choice(mini.n_frames(name, PRIMARY), count, replace=False))
            low, high = slope_of(pair_sums([labelled(mini, name, rows)], 1), Reading()).interval
            held.append(low < 1 < high)
    assert len(held) > 25
    assert np.mean(held) >= 0.93


def test_molecules_together_are_surer_than_one(mini):
    one = slope_of(pair_sums([labelled(mini, "OH-2-H")], 1), Reading())
    names = ("OH-2-H", "F-2-H", "CN-2-H", "SH-2-H")
    all_ = slope_of(pair_sums([labelled(mini, name) for name in names], 4), Reading())
    assert all_.error < one.error
    assert (one.molecules, all_.molecules, all_.frames) == (1, 4, 160)
    assert str(all_).endswith("160 frames of 4 molecules)")
    assert "40 frames of a molecule" in str(one)


def test_readings_change_the_slope_as_their_factors_do(mini):
    sums = pair_sums([labelled(mini, "OH-2-H")], 1)
    plain = slope_of(sums, Reading())
    for reading, factor in (
        (Reading(gradients=True), -1.0),
        (Reading(per_atom=True), 9.0),
        (Reading("Hartree", "Hartree/Bohr"), 0.529177),
        (Reading("kJ/mol", "kJ/mol/nm"), 10.0),
        (Reading("eV", "meV/Angstrom"), 1000.0),
    ):
        assert slope_of(sums, reading).value == pytest.approx(plain.value * factor, rel=1e-5)


def test_a_slope_of_1_fits_and_others_do_not(mini):
    sums = pair_sums([labelled(mini, name) for name in ("OH-2-H", "F-2-H")], 2)
    assert slope_of(sums, Reading()).misfit < 1
    for wrong in (Reading(gradients=True), Reading(per_atom=True), Reading("Hartree")):
        assert slope_of(sums, wrong).misfit > 30


def test_exact_labels_have_no_error_and_two_frames_no_slope():
    exact = PairSums("OH-2-H", 9, 5, 4.0, 4.0, 4.0, 1.0)
    assert slope_of([exact], Reading()).value == 1.0
    assert slope_of([exact], Reading()).misfit == 0.0
    assert slope_of([exact], Reading(gradients=True)).misfit > 50
    assert slope_of([exact._replace(frames=2)], Reading()) is None
    assert slope_of([exact._replace(rise=0.0)], Reading()) is None
    assert slope_of([], Reading()) is None


def test_no_more_frames_are_read_than_are_needed(mini):
    read = []

    def samples():
        for name in mini.molecules:
            read.append(name)
            yield labelled(mini, name)

    sums = pair_sums(samples(), len(mini.molecules))
    assert len(read) == ENOUGH / FEW
    assert sum(one.frames for one in sums) == ENOUGH
