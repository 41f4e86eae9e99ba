"""What dynamics must keep: the distribution of configurations, whatever the masses and the step."""

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from scipy.integrate import quad

from mlip_compose.core.records import Failure, Molecule
from mlip_compose.core.units import BOLTZMANN
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.sampling.conformers import conformer_pool
from mlip_compose.sampling.dynamics import sample_trajectory
from mlip_compose.sampling.protocol import SamplingProtocol

T = 500.0  # K


class Morse:
    """A diatomic with the bond energy D (1 - exp(-a (r - r0)))^2."""

    def __init__(self, depth, width, length):
        self.depth, self.width, self.length = depth, width, length

    def energy(self, r):
        return self.depth * (1 - np.exp(-self.width * (r - self.length))) ** 2

    def walker(self, numbers, charge=0, spin=1):
        return self

    def get_forces(self, atoms):
        between = atoms.positions[1] - atoms.positions[0]
        r = np.linalg.norm(between)
        swing = np.exp(-self.width * (r - self.length))
        pull = 2 * self.depth * self.width * (1 - swing) * swing * between / r
        return np.array([pull, -pull])

    def exact(self, function):
        def weight(r):
            return r**2 * np.exp(-self.energy(r) / (BOLTZMANN * T))

        ends = self.length - 0.5, self.length + 0.8
        return quad(lambda r: function(r) * weight(r), *ends)[0] / quad(weight, *ends)[0]


# bonds as GFN2-xTB has them, roughly: force constant 2 D a^2 in eV/Angstrom^2
BONDS = {
    "C-H": ((6, 1), Morse(4.5, 1.85, 1.09)),
    "O-H": ((8, 1), Morse(5.0, 2.2, 0.96)),
    "C#N": ((6, 7), Morse(9.0, 2.6, 1.15)),
    "C=O": ((6, 8), Morse(8.0, 2.3, 1.20)),
}
CORE = SamplingProtocol(timestep_fs=3.0, friction_time_fs=25.0, stride_steps=5)
SMALL_STEPS = SamplingProtocol(
    timestep_fs=0.5, friction_time_fs=25.0, stride_steps=20, hydrogen_mass_u=1.008
)

EQUAL = {"equilibration_steps": 300}


def diatomic(numbers):
    return Molecule(
        name="diatomic",
        smiles="",
        inchikey="",
        numbers=np.array(numbers, dtype=np.uint8),
        bonds=np.array([[0, 1]], dtype=np.uint8),
        bond_orders=np.array([1], dtype=np.uint8),
        charges=np.zeros(2, dtype=np.int8),
    )


def lengths(bond, protocol, n_frames, seed=0):
    numbers, morse = BONDS[bond]
    start = np.array([[0.0, 0.0, 0.0], [morse.length, 0.0, 0.0]])
    rng = np.random.default_rng(seed)
    reference: Any = morse  # all of one that dynamics ask for
    frames = sample_trajectory(diatomic(numbers), start, n_frames, reference, protocol, rng)
    assert not isinstance(frames, Failure)
    return np.linalg.norm(frames[:, 1] - frames[:, 0], axis=1)


def blocked_error(values, blocks=25):
    means = [block.mean() for block in np.array_split(values, blocks)]
    return np.std(means, ddof=1) / np.sqrt(blocks)


@pytest.mark.parametrize("bond", BONDS)
def test_heavy_hydrogens_and_long_steps_keep_the_distribution(bond):
    morse = BONDS[bond][1]
    r = lengths(bond, CORE, 4000)
    for observable in (lambda r: r - morse.length, lambda r: (r - morse.length) ** 2, morse.energy):
        values, exact = observable(r), morse.exact(observable)
        # 3 % of a variance or of kT/2 is the step's own error; 4 standard errors are chance
        assert values.mean() == pytest.approx(exact, abs=4 * blocked_error(values) + 0.03 * exact)


def test_masses_do_not_enter_the_distribution():
    heavy, light = lengths("C-H", CORE, 4000), lengths("C-H", SMALL_STEPS, 1500, seed=1)
    for observable in (lambda r: r, lambda r: r**2):
        a, b = observable(heavy), observable(light)
        chance = np.hypot(blocked_error(a), blocked_error(b))
        assert a.mean() == pytest.approx(b.mean(), abs=4 * chance)


def test_a_wrong_temperature_would_be_seen():
    hot = CORE.model_copy(update={"temperature_K": 1.3 * T})
    morse = BONDS["C-H"][1]
    energy = morse.energy(lengths("C-H", hot, 4000))
    assert energy.mean() > morse.exact(morse.energy) + 4 * blocked_error(energy)


def mean_energy_and_lengths(name, protocol, n_frames, molecule, seed):
    molecule, reference = molecule(name), Gfn2Xtb()
    pool = conformer_pool(molecule, protocol.rng(name, "conformers"))
    assert not isinstance(pool, Failure)
    rng = np.random.default_rng(seed)
    frames = sample_trajectory(molecule, pool[0][0], n_frames, reference, protocol, rng)
    assert not isinstance(frames, Failure)
    walker = reference.walker(molecule.numbers)
    energy = np.array(
        [walker.get_potential_energy(Atoms(molecule.numbers, geometry)) for geometry in frames]
    )
    i, j = molecule.bonds.T
    bonds = np.linalg.norm(frames[:, i] - frames[:, j], axis=-1)
    return {"energy": energy, "bonds": bonds.mean(axis=1), "spread": bonds.var(axis=1)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["F-1-H", "CN-1-H"])
def test_gfn2_frames_are_those_of_small_steps_and_true_masses(name, molecule):
    fast = mean_energy_and_lengths(name, CORE.model_copy(update=EQUAL), 4000, molecule, 0)
    slow = mean_energy_and_lengths(name, SMALL_STEPS.model_copy(update=EQUAL), 2000, molecule, 1)
    for observable in fast:
        a, b = fast[observable], slow[observable]
        chance = np.hypot(blocked_error(a), blocked_error(b))
        assert a.mean() == pytest.approx(b.mean(), abs=4 * chance), observable
        assert chance < 0.1 * b.std()
