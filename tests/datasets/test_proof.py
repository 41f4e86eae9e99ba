"""Energies belong to forces, or it is said why not: units, signs, energies per atom."""

import numpy as np
import pytest

from mlip_compose.core.records import MINIMUM, PRIMARY
from mlip_compose.core.units import ENERGY_UNITS, KCAL_PER_MOL
from mlip_compose.datasets.proof import diagnosis, divided, prove
from mlip_compose.datasets.readings import USUAL_PAIRS, Reading, readings
from mlip_compose.datasets.slope import LabelledFrames, pair_sums
from mlip_compose.store.catalogue import open_dataset

NAMES = ("OH-1-H", "F-2-H", "CN-3-H", "COOH-4-H", "NH2-2-H", "SH-5-H")
RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.fixture
def sums(mini):
    """Return a function that writes labels of mini-v1 as a reading has them."""

    def make(names=NAMES, reading=Reading(), count=40, energy=1.0, forces=1.0):  # noqa: B008
        def samples():
            for name in names:
                molecule, frames = mini.molecules[name], mini.frames(name, PRIMARY)
                rows = np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))
                yield LabelledFrames(
                    name,
                    molecule.numbers,
                    frames.positions[rows],
                    frames.energy[rows] * energy / reading.energy_factor(molecule.n_atoms),
                    frames.forces[rows] * forces / reading.forces_factor,
                )

        return pair_sums(samples(), len(names))

    return make


def test_labels_in_ev_are_proved(sums):
    proof = prove(sums(), Reading())
    assert proof.proved is True
    assert "times as the work of the forces says" in proof.found
    assert "frames of 6 molecules" in proof.found


@pytest.mark.parametrize("reading", list(readings()), ids=str)
def test_every_reading_is_proved_where_it_is_claimed(sums, reading):
    assert prove(sums(reading=reading), reading).proved is True


@pytest.mark.parametrize("reading", [one for one in readings() if one != Reading()], ids=str)
def test_every_other_reading_is_refuted_or_its_forces_are_absurd(sums, reading):
    """Units that change both alike, such as kcal/mol, leave the slope: their size is seen."""
    proof = prove(sums(reading=reading), Reading())
    if reading in (Reading("Ry", "Ry/Bohr"), Reading("meV", "meV/Angstrom")):  # rare: not named
        assert (proof.proved is False) == (reading.energy == "Ry")
    else:
        assert proof.proved is False
        if not reading.rarity:
            assert proof.explained_by[0] in (reading, *_alike(reading))


def _alike(reading):
    """Return the reading that differs by 6 % from Hartree/Angstrom beside eV."""
    if (reading.energy, reading.forces) == ("eV", "Ry/Bohr"):
        return (Reading("eV", "Hartree/Angstrom", reading.gradients),)
    return ()


@pytest.mark.parametrize(
    "claim", [Reading("Hartree", "Hartree/Bohr"), Reading("eV", "eV/Angstrom")]
)
def test_names_are_those_that_people_need(sums, claim):
    units = {"energy": claim.energy, "forces": claim.forces}
    said = {
        "forces of the opposite sign, gradients": Reading(**units, gradients=True),
        "energies per atom": Reading(**units, per_atom=True),
    }
    for words, reading in said.items():
        assert diagnosis(prove(sums(reading=reading), claim)).startswith(f"{words}: energies ")


@pytest.mark.parametrize("factor", [0.53, 1 / 0.53, 0.25, 5.0])
def test_a_factor_of_no_unit_is_refuted_with_the_number(sums, factor):
    proof = prove(sums(energy=factor), Reading())
    assert proof.proved is False
    assert proof.explained_by == ()
    measured = float(diagnosis(proof).split()[2])
    assert measured == pytest.approx(factor, rel=0.1)
    assert "no unit, sign or number of atoms explains" in diagnosis(proof)


@pytest.mark.parametrize("unit", ["kcal/mol", "kJ/mol", "Hartree"])
def test_a_division_in_place_of_a_multiplication_is_named(sums, unit):
    wrong = sums(energy=1 / ENERGY_UNITS[unit] ** 2, forces=1 / ENERGY_UNITS[unit] ** 2)
    assert divided(wrong).energy == unit
    assert divided(sums()) is None
    alone = prove(sums(energy=1 / ENERGY_UNITS[unit] ** 2), Reading())  # energies alone
    assert (alone.proved, alone.explained_by) == (False, ())


def test_one_molecule_among_others_that_are_right_is_seen(sums):
    wrong = [*sums(NAMES[:5]), *sums(NAMES[5:], Reading(gradients=True))]
    proof = prove(wrong, Reading())
    assert proof.proved is False
    assert proof.explained_by == (Reading(gradients=True),)
    assert "energies of SH-5-H change -" in proof.found


@pytest.mark.parametrize("count", [3, 4, 5, 6, 8, 12])
def test_few_frames_are_never_refuted_falsely_nor_proved_falsely(sums, mini, count):
    for name in list(mini.molecules)[::8]:
        right = sums([name], count=count)
        assert prove(right, Reading()).proved is not False
        for wrong in (Reading(gradients=True), Reading(per_atom=True), Reading("Hartree")):
            assert prove(sums([name], wrong, count), Reading()).proved is not True


def test_single_frames_and_minima_tell_nothing(mini, sums):
    assert prove([], Reading()).proved is None
    proof = prove(sums(count=1), Reading())
    assert proof.proved is None
    assert "no two frames of one molecule" in proof.found

    def minima():
        for name in mini.molecules:
            frames = mini.minimum(name)
            numbers = mini.molecules[name].numbers
            yield LabelledFrames(name, numbers, frames.positions, frames.energy, frames.forces)

    assert mini.minimum("OH-1-H").trajectory == MINIMUM
    assert prove(pair_sums(minima(), 254), Reading()).proved is None


def test_labels_that_have_nothing_to_do_with_each_other_tell_nothing(mini):
    def samples(seed):
        rng = np.random.default_rng(seed)
        for name in NAMES:
            frames, numbers = mini.frames(name, PRIMARY), mini.molecules[name].numbers
            forces = rng.normal(size=frames.forces.shape)
            yield LabelledFrames(name, numbers, frames.positions, frames.energy, forces)

    for seed in range(5):
        assert prove(pair_sums(samples(seed), len(NAMES)), Reading()).proved is None


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_noisy_labels_are_not_refuted(mini, noise):
    """Noise of energies, eV, beside their spread of about 0.3 eV."""

    def samples():
        for name in NAMES:
            frames, numbers = mini.frames(name, PRIMARY), mini.molecules[name].numbers
            energy = frames.energy + noise * RNG.normal(size=len(frames))
            forces = frames.forces + noise * RNG.normal(size=frames.forces.shape)
            yield LabelledFrames(name, numbers, frames.positions, energy, forces)

    proof = prove(pair_sums(samples(), len(NAMES)), Reading())
    assert proof.proved is True if noise < 0.2 else proof.proved is not False


def test_pairs_occur_once_and_a_mistaken_division_is_never_taken():
    assert len(set(USUAL_PAIRS)) == len(USUAL_PAIRS)
    assert not any(reading.divided for reading in readings())
    reading = Reading("kcal/mol", "kcal/mol/Angstrom", gradients=True, per_atom=True, divided=True)
    assert reading.energy_factor(3) == pytest.approx(3 * KCAL_PER_MOL**2)
    assert reading.forces_factor == pytest.approx(-(KCAL_PER_MOL**2))
