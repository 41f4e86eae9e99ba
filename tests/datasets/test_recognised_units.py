"""Units from the numbers alone: right, or no answer; never a false alarm."""

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY, SECONDARY
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.datasets.recognised_units import FEWEST_FRAMES, recognise_units
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.sampling.sampler import sample_molecule
from mlip_compose.store.catalogue import open_dataset

PER_LENGTH = [
    (energy, f"{other}/{length}")
    for energy in ENERGY_UNITS
    for other in ENERGY_UNITS
    for length in ("Angstrom", "Bohr")
    if (energy, other, length) != ("kJ/mol", "meV", "Angstrom")  # read as kJ/mol/nm, 4 % off
]
PAIRS = [*PER_LENGTH, ("kJ/mol", "kJ/mol/nm")]


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def recognised(molecule, frames, energy_unit="eV", force_unit="eV/Angstrom", count=None):
    units = recognise_units(
        molecule.numbers,
        frames.positions[:count],
        frames.energy[:count] / ENERGY_UNITS[energy_unit],
        frames.forces[:count] / FORCE_UNITS[force_unit],
    )
    return units and (units.energy, units.forces)


def test_no_frames_in_ev_are_taken_for_any_other_unit(mini):
    for name, molecule in mini.molecules.items():
        for trajectory in (PRIMARY, SECONDARY):
            if mini.n_frames(name, trajectory):
                frames = mini.frames(name, trajectory)
                answer = recognised(molecule, frames)
                unclear = answer is None and len(frames) < 15
                assert unclear or answer == ("eV", "eV/Angstrom"), (name, trajectory)


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_every_pair_of_units_is_recognised(mini, pair):
    for name in ("OH-1-H", "F-1-H", "CN-3-H", "COOH-5-H", "SH-2-H"):
        frames = mini.frames(name, PRIMARY)
        assert recognised(mini.molecules[name], frames, *pair) == pair, name


def test_factors_turn_the_values_into_ev(mini):
    frames = mini.frames("OH-2-H", PRIMARY)
    numbers = mini.molecules["OH-2-H"].numbers
    in_kcal = frames.energy * 23.0605
    units = recognise_units(numbers, frames.positions, in_kcal, frames.forces * 23.0605)
    assert in_kcal * units.energy_factor == pytest.approx(frames.energy, rel=1e-4)
    assert units.forces_factor == pytest.approx(0.0433641, rel=1e-4)
    assert "eV/Angstrom (rms)" in units.evidence


def test_the_zero_of_the_energy_does_not_matter(mini):
    frames = mini.frames("SH-3-H", PRIMARY)
    numbers = mini.molecules["SH-3-H"].numbers
    for shift in (-1e5, 0.0, -frames.energy.mean()):
        units = recognise_units(numbers, frames.positions, frames.energy + shift, frames.forces)
        assert units.energy == "eV"


@pytest.mark.parametrize("pair", [("eV", "eV/Angstrom"), ("Hartree", "Hartree/Bohr")])
def test_few_frames_give_the_right_answer_or_none(mini, pair):
    energy, force = pair
    answers = [
        recognised(molecule, mini.frames(name, PRIMARY), energy, force, FEWEST_FRAMES)
        for name, molecule in mini.molecules.items()
    ]
    assert set(answers) <= {pair, None}
    assert answers.count(pair) > 0.6 * len(answers)
    frames = mini.frames("OH-1-H", PRIMARY)
    assert recognised(mini.molecules["OH-1-H"], frames, count=FEWEST_FRAMES - 1) is None


@pytest.mark.parametrize("name", ["OH-1-H", "CHO-1-H", "H-3-H"])
def test_frames_of_300_kelvin(molecule, name):
    protocol = SamplingProtocol(
        temperature_K=300.0, equilibration_steps=200, stride_steps=30, primary=12, secondary=2
    )
    sampled = sample_molecule(molecule(name), Gfn2Xtb(), protocol)
    for pair in (("eV", "eV/Angstrom"), ("kcal/mol", "kcal/mol/Angstrom")):
        assert recognised(sampled.molecule, sampled.trajectories[0], *pair) == pair


@pytest.mark.parametrize("what", ["shuffled", "opposite", "constant", "not finite"])
def test_labels_that_do_not_belong_together_give_no_answer(mini, what):
    frames = mini.frames("OH-2-H", PRIMARY)
    energy = {
        "shuffled": np.roll(frames.energy, 7),
        "opposite": -frames.energy,
        "constant": np.full_like(frames.energy, -300.0),
        "not finite": np.where(np.arange(len(frames)) == 3, np.nan, frames.energy),
    }[what]
    numbers = mini.molecules["OH-2-H"].numbers
    assert recognise_units(numbers, frames.positions, energy, frames.forces) is None
