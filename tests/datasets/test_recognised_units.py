"""Units from the numbers alone: right, or no answer; never a false alarm."""

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY, SECONDARY
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.datasets.readings import USUAL_PAIRS, Reading
from mlip_compose.datasets.recognised_units import FEWEST_FRAMES, recognise
from mlip_compose.datasets.slope import LabelledFrames, pair_sums
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.sampling.sampler import sample_molecule
from mlip_compose.store.catalogue import open_dataset

PAIRS = [pair for pair in USUAL_PAIRS if not Reading(*pair).rarity]
ALIKE = [("eV", "Hartree/Angstrom"), ("eV", "Ry/Bohr")]
"""Forces differ by 6 %: nothing tells one from the other."""


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def reading_of(molecule, positions, energy, forces):
    labelled = LabelledFrames(molecule.name, molecule.numbers, positions, energy, forces)
    found = recognise(pair_sums([labelled], molecules=1))
    return found and found.reading


def recognised(molecule, frames, energy_unit="eV", force_unit="eV/Angstrom", count=None):
    reading = reading_of(
        molecule,
        frames.positions[:count],
        frames.energy[:count] / ENERGY_UNITS[energy_unit],
        frames.forces[:count] / FORCE_UNITS[force_unit],
    )
    return reading and (reading.energy, reading.forces)


def test_no_frames_in_ev_are_taken_for_any_other_unit(mini):
    for name, molecule in mini.molecules.items():
        for trajectory in (PRIMARY, SECONDARY):
            if mini.n_frames(name, trajectory):
                frames = mini.frames(name, trajectory)
                answer = recognised(molecule, frames)
                unclear = answer is None and len(frames) < 15
                assert unclear or answer == ("eV", "eV/Angstrom"), (name, trajectory)


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair not in ALIKE], ids=" and ".join)
def test_every_pair_of_units_that_occurs_is_recognised(mini, pair):
    # of 20 to 27 atoms, eV might be kcal/mol per atom where forces are in kcal/mol
    names = ["OH-1-H", "F-1-H", "CN-3-H", "SH-2-H"]
    for name in names if pair == ("eV", "kcal/mol/Angstrom") else [*names, "COOH-5-H"]:
        frames = mini.frames(name, PRIMARY)
        assert recognised(mini.molecules[name], frames, *pair) == pair, name


@pytest.mark.parametrize("pair", [pair for pair in USUAL_PAIRS if pair not in PAIRS] + ALIKE)
def test_units_that_are_rare_or_alike_are_never_taken_for_others(mini, pair):
    for name in ("OH-1-H", "F-1-H", "CN-3-H", "COOH-5-H", "SH-2-H"):
        frames = mini.frames(name, PRIMARY)
        energy, forces = frames.energy / ENERGY_UNITS[pair[0]], frames.forces / FORCE_UNITS[pair[1]]
        reading = reading_of(mini.molecules[name], frames.positions, energy, forces)
        assert reading in (None, Reading(*pair))


def test_the_zero_of_the_energy_does_not_matter(mini):
    frames, molecule = mini.frames("SH-3-H", PRIMARY), mini.molecules["SH-3-H"]
    for shift in (-1e5, 0.0, -frames.energy.mean()):
        reading = reading_of(molecule, frames.positions, frames.energy + shift, frames.forces)
        assert reading == Reading("eV", "eV/Angstrom")


def test_energies_per_atom_and_gradients_are_seen(mini):
    for name in ("OH-1-H", "OH-2-H"):
        molecule, frames = mini.molecules[name], mini.frames(name, PRIMARY)
        for per_atom in (False, True):
            for sign in (1, -1):
                energy = frames.energy / (molecule.n_atoms if per_atom else 1)
                reading = reading_of(molecule, frames.positions, energy, sign * frames.forces)
                assert reading == Reading(gradients=sign < 0, per_atom=per_atom)


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


@pytest.mark.parametrize("what", ["shuffled", "constant"])
def test_labels_that_do_not_belong_together_give_no_answer(mini, what):
    frames, molecule = mini.frames("OH-2-H", PRIMARY), mini.molecules["OH-2-H"]
    energy = np.roll(frames.energy, 7) if what == "shuffled" else np.full(40, -300.0)
    assert reading_of(molecule, frames.positions, energy, frames.forces) is None


def test_frames_that_are_not_finite_are_left_out(mini):
    frames, molecule = mini.frames("OH-2-H", PRIMARY), mini.molecules["OH-2-H"]
    energy = np.where(np.arange(len(frames)) == 3, np.nan, frames.energy)
    reading = reading_of(molecule, frames.positions, energy, frames.forces)
    assert reading == Reading("eV", "eV/Angstrom")
