"""The frozen data set is what it says: its recipe's molecules, labels that can be recomputed."""

import numpy as np
import pytest

from mlip_compose import open_dataset
from mlip_compose.datasets.recipe import load_recipe, recipe_names
from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.geometry import force_outliers, topology_kept
from mlip_compose.references.registry import get_reference
from mlip_compose.store.catalogue import describe, manifest

MEGABYTE = 2**20


FULL = ("core-v1", "mini-v1")
"""Those that have every molecule of the benchmark."""


@pytest.fixture(scope="module", params=FULL)
def store(request):
    return open_dataset(request.param)


@pytest.fixture(scope="module", params=[name for name in manifest() if name in recipe_names()])
def built(request):
    return open_dataset(request.param)


def test_it_is_small_and_whole(built):
    assert built.path.stat().st_size <= 40 * MEGABYTE
    built.verify()
    assert built.header.failures == ()
    expected = full() if built.name in FULL else load_recipe(built.name).selected()
    assert set(built.molecules) == {molecule.name for molecule in expected}
    assert all(built.has_minimum(name) for name in built.molecules)


def test_the_manifest_describes_it(built):
    entry = manifest()[built.name]
    assert describe(built.path, entry.summary) == entry


def test_it_was_made_by_its_recipe(built):
    recipe = load_recipe(built.name)
    assert built.reference == recipe.reference
    assert built.header.reference_settings == dict(get_reference(built.reference).settings)
    assert built.header.sampling == recipe.sampling.model_dump(mode="json")


def test_every_molecule_has_the_frames_of_the_recipe(built):
    protocol = load_recipe(built.name).sampling
    for name, molecule in built.molecules.items():
        for trajectory in ("primary", "secondary"):
            expected = protocol.frames(trajectory, molecule)
            assert built.n_frames(name, trajectory) == expected


def test_every_frame_is_of_its_molecule(built):
    for name, molecule in built.molecules.items():
        for trajectory in ("primary", "secondary"):
            if built.n_frames(name, trajectory):
                frames = built.frames(name, trajectory)
                assert topology_kept(molecule, frames.positions).all()
                assert not force_outliers(frames.forces).any()


def test_no_frame_is_below_its_minimum(store):
    for name in store.molecules:
        for trajectory in ("primary", "secondary"):
            if store.n_frames(name, trajectory):
                frames = store.frames(name, trajectory)
                assert (frames.energy > store.minimum(name).energy).all()


def test_a_random_sample_of_labels_is_recomputed(built):
    reference = get_reference(built.reference)
    rng = np.random.default_rng(0)
    for name in rng.choice(sorted(built.molecules), size=12, replace=False):
        molecule = built.molecules[name]
        row = int(rng.integers(built.n_frames(name, "primary")))
        frames = built.frames(name, "primary", np.array([row]))
        label = reference.label(molecule.numbers, frames.positions[0].astype(np.float64))
        assert label.energy == pytest.approx(frames.energy[0], abs=1e-6)
        np.testing.assert_allclose(label.forces, frames.forces[0], atol=1e-5)


def test_the_energy_above_the_minimum_is_that_of_the_temperature(store):
    """Equipartition: near harmonic, 3N - 6 vibrations hold kT/2 of potential energy each."""
    ratios = []
    for name, molecule in store.molecules.items():
        if molecule.is_monofunctional:
            above = store.frames(name, "primary").energy - store.minimum(name).energy
            expected = 0.5 * (3 * molecule.n_atoms - 6) * 8.617333e-5 * 500.0
            ratios.append(above.mean() / expected)
    assert np.mean(ratios) == pytest.approx(1.05, abs=0.07)


def test_the_two_trajectories_agree(store):
    """Their mean energies differ by no more than chance: the mean of z is 0, its spread about 1."""
    differences = []
    for name, molecule in store.molecules.items():
        if molecule.is_monofunctional:
            primary, secondary = (
                store.frames(name, trajectory).energy for trajectory in ("primary", "secondary")
            )
            error = np.hypot(
                primary.std(ddof=1) / len(primary) ** 0.5,
                secondary.std(ddof=1) / len(secondary) ** 0.5,
            )
            differences.append((primary.mean() - secondary.mean()) / error)
    assert abs(np.mean(differences)) < 0.5
    assert np.std(differences) < 2.5


def test_minima_are_stationary(store):
    reference = get_reference(store.reference)
    for name in ("OH-1-H", "CN-4-H", "NH2-2-COOH"):
        molecule, minimum = store.molecules[name], store.minimum(name)
        label = reference.label(molecule.numbers, minimum.positions[0].astype(np.float64))
        assert abs(label.forces).max() < 4e-3  # eV/Angstrom
        assert label.energy == pytest.approx(minimum.energy[0], abs=1e-6)


def test_chains_visit_gauche_and_anti(store):
    from ase import Atoms

    anti = gauche = 0
    for n in (6, 8, 10, 12):
        for trajectory in ("primary", "secondary"):
            frames = store.frames(f"H-{n}-H", trajectory)
            numbers = store.molecules[f"H-{n}-H"].numbers
            for positions in frames.positions:
                atoms = Atoms(numbers=numbers, positions=positions)
                torsions = [(i, i + 1, i + 2, i + 3) for i in range(n - 3)]
                angles = np.array([atoms.get_dihedral(*torsion) for torsion in torsions])
                anti += int((abs(angles - 180) < 60).sum())
                gauche += int((abs(angles - 180) >= 60).sum())
    # GFN2-xTB at 500 K: gauche lies about 0.6 kcal/mol above anti and is twofold
    assert 0.25 < gauche / (anti + gauche) < 0.7


def test_every_entry_of_the_manifest_is_there():
    for name, entry in manifest().items():
        assert describe(open_dataset(name).path, entry.summary) == entry


def test_the_spot_set_has_frames_and_minima_of_core():
    spot, core = open_dataset("spot-pbe-v1"), open_dataset("core-v1")
    small = {n for n, m in core.molecules.items() if m.is_monofunctional and m.parts.chain <= 4}
    assert set(spot.molecules) == small
    origin = spot.header.sampling["relabelled_from"]
    assert origin["sha256"] == core.checksum
    for name in small:
        rows = np.array(origin["frames"][name]["primary"])
        mine, theirs = spot.frames(name, "primary"), core.frames(name, "primary", rows)
        np.testing.assert_array_equal(mine.positions, theirs.positions)
        minimum = spot.minimum(name)
        np.testing.assert_array_equal(minimum.positions, core.minimum(name).positions)
        assert abs(minimum.forces).max() > 0.01  # relaxed with another level of theory
        assert 0.3 < np.corrcoef(mine.forces.ravel(), theirs.forces.ravel())[0, 1] < 0.99


def test_a_label_of_the_spot_set_is_recomputed():
    spot = open_dataset("spot-pbe-v1")
    reference = get_reference(spot.reference)
    assert dict(reference.settings) == spot.header.reference_settings
    frames = spot.frames("OH-1-H", "primary", np.array([0]))
    numbers = spot.molecules["OH-1-H"].numbers
    label = reference.label(numbers, frames.positions[0].astype(np.float64))
    assert label.energy == pytest.approx(frames.energy[0], abs=1e-5)
    np.testing.assert_allclose(label.forces, frames.forces[0], atol=1e-4)
