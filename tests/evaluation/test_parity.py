import numpy as np
import pytest

from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.parity import BINS, Parity, parities


def comparison(molecule, part, reference, predicted, energies=None):
    frames = len(reference)
    energy = np.linspace(-100.0, -99.0, frames)
    return Comparison(
        molecule=molecule,
        part=part,
        reference_energy=energy,
        predicted_energy=energy + 3.0 if energies is None else energies,
        reference_forces=reference,
        predicted_forces=predicted,
        novel=np.zeros(molecule.n_atoms, dtype=bool),
    )


def of(found, quantity, part) -> Parity:
    return next(p for p in found if (p.quantity, p.part) == (quantity, part))


@pytest.fixture
def methane(molecule):
    return molecule("H-1-H")


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0.0, 1.5, (20, 5, 3))


def test_a_perfect_prediction_lies_on_the_diagonal(methane, noise):
    found = of(parities([comparison(methane, "id", noise, noise)]), "forces", "id")
    counts = found.matrix()
    assert counts.shape == (BINS, BINS)
    assert np.diag(counts).sum() == counts.sum() == found.pairs == noise.size
    assert found.overflow == 0
    assert found.high == -found.low >= np.abs(noise).max()


def test_the_reference_comes_first(methane, noise):
    counts = of(parities([comparison(methane, "id", noise, 0.0 * noise)]), "forces", "id").matrix()
    assert (counts.sum(axis=0) > 0).sum() == 1  # all predictions are the same
    assert (counts.sum(axis=1) > 0).sum() > 10


def test_predictions_beyond_the_bins_are_counted(methane, noise):
    predicted = noise.copy()
    predicted[0, 0, :2] = 1e30, -1e3
    found = of(parities([comparison(methane, "id", noise, predicted)]), "forces", "id")
    assert found.overflow == 2
    assert found.pairs == found.matrix().sum() + 2


def test_bins_depend_on_the_reference_alone_and_are_shared_by_the_parts(methane, noise):
    both = [comparison(methane, "id", noise, noise), comparison(methane, "ood", 2 * noise, noise)]
    other = [
        comparison(methane, "id", noise, 9 * noise),
        comparison(methane, "ood", 2 * noise, -noise),
    ]
    ends = {p.high for p in (*parities(both), *parities(other)) if p.quantity == "forces"}
    assert len(ends) == 1


def test_one_wild_label_does_not_hide_the_others(methane, noise):
    reference = noise.copy()
    reference[3, 2, 1] = 80.0
    found = of(parities([comparison(methane, "id", reference, reference)]), "forces", "id")
    assert found.high < 40.0
    assert found.overflow == 1


def test_energies_are_about_the_mean_of_the_molecule(methane, noise):
    found = of(parities([comparison(methane, "id", noise, noise)]), "energy_within", "id")
    counts = found.matrix()  # an error of 3 eV that all frames share is no error
    assert np.diag(counts).sum() == found.pairs == 20
    assert found.high == pytest.approx(100.0)  # meV/atom: half of 1 eV, five atoms


def test_failed_frames_and_single_frames_are_left_out(methane, noise):
    predicted = noise.copy()
    predicted[0, 0, 0] = np.nan
    found = parities([comparison(methane, "id", noise, predicted)])
    assert of(found, "forces", "id").pairs == noise.size - 15
    one = parities([comparison(methane, "id", noise[:1], noise[:1])])
    assert [p.quantity for p in one] == ["forces"]


def test_training_frames_and_nothing_give_nothing(methane, noise):
    assert parities([]) == ()
    assert parities([comparison(methane, "train", noise, noise)]) == ()


def test_references_that_are_all_zero_have_bins(methane):
    zero = np.zeros((2, 5, 3))
    found = of(parities([comparison(methane, "id", zero, zero)]), "forces", "id")
    assert found.matrix().sum() == 30


def test_many_frames_stay_light(molecule):
    rng = np.random.default_rng(1)
    butane = molecule("H-4-H")
    frames = []
    for part in ("id", "ood"):  # the worst case: predictions that know nothing fill all bins
        forces = rng.normal(0.0, 1.5, (2000, butane.n_atoms, 3))
        energies = rng.normal(0.0, 0.3, 2000)
        frames.append(comparison(butane, part, forces, rng.permutation(forces), energies))
    text = "".join(p.model_dump_json() for p in parities(frames))
    assert len(text) < 20_000
