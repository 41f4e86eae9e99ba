import json

import numpy as np
import pytest

from mlip_compose.core.errors import RequestError, SchemaError, UnreadableError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble
from mlip_compose.potentials.base import silent
from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND
from mlip_compose.potentials.registry import load_potential


@pytest.fixture
def saved(fitted, tmp_path):
    fitted[0].save(tmp_path)
    return tmp_path


def test_batches_of_any_size_give_the_same(fitted, data, monkeypatch):
    from mlip_compose.potentials.neural.networks import potential as module

    potential, _ = fitted
    frames = data.train[2]
    molecule = data.molecules[frames.molecule]
    energies, forces = potential.predict(molecule, frames.positions)
    sizes = []
    predict = potential.model.predict

    def spy(graph, properties):
        sizes.append(len(graph.ptr) - 1)
        return predict(graph, properties)

    monkeypatch.setattr(potential.model, "predict", spy)
    for edges, expected in ((1, [1] * 6), (10**6, [6])):
        sizes.clear()
        monkeypatch.setitem(module._BATCH_EDGES, "cpu", edges)
        e, f = potential.predict(molecule, frames.positions)
        assert sizes == expected
        np.testing.assert_allclose(e, energies, rtol=0, atol=1e-5)
        np.testing.assert_allclose(f, forces, rtol=0, atol=1e-5)


def test_no_frames_give_no_predictions(fitted, data):
    molecule = data.molecules["H-2-H"]
    energies, forces = fitted[0].predict(molecule, np.empty((0, molecule.n_atoms, 3)))
    assert energies.shape == (0,)
    assert forces.shape == (0, molecule.n_atoms, 3)


def test_predictions_are_those_of_its_ase_calculator(fitted, data):
    from ase import Atoms

    potential, _ = fitted
    frames = data.train[1]
    molecule = data.molecules[frames.molecule]
    energies, forces = potential.predict(molecule, frames.positions)
    offset = sum(potential.reference_energies[z] for z in molecule.numbers.tolist())
    calculator = potential.model.ase_calculator(skin=0.0)
    for f, positions in enumerate(frames.positions):
        atoms = Atoms(molecule.numbers, positions, calculator=calculator)
        assert atoms.get_potential_energy() + offset == pytest.approx(energies[f], abs=1e-4)
        np.testing.assert_allclose(atoms.get_forces(), forces[f], atol=1e-5)


def test_forces_are_the_gradient_in_float64(data, tiny, tmp_path):
    settings = tiny.model_copy(update={"dtype": "float64"})
    potential = KIND.fit(data, settings, 0, tmp_path, silent)
    frames = data.train[1]
    molecule = data.molecules[frames.molecule]
    start = frames.positions[0]
    _, forces = potential.predict(molecule, start[None])
    step = 1e-4
    moves = step * np.eye(start.size).reshape(-1, *start.shape)
    up, down = (potential.predict(molecule, start + sign * moves)[0] for sign in (1, -1))
    numeric = -(up - down) / (2 * step)
    np.testing.assert_allclose(numeric.reshape(start.shape), forces[0], atol=1e-6)


def test_saved_and_loaded_is_the_same(fitted, saved, data):
    assert {p.name for p in saved.iterdir()} == {"model.json", "model.npz"}
    loaded = load_potential(saved)
    assert loaded.name == "mace-small"
    assert loaded.elements == fitted[0].elements == {1, 6, 8}
    assert loaded.report == fitted[0].report
    for frames in data.validation:
        molecule = data.molecules[frames.molecule]
        for a, b in zip(
            fitted[0].predict(molecule, frames.positions),
            loaded.predict(molecule, frames.positions),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)


def test_loading_changes_no_state_of_torch(saved):
    import torch

    torch.manual_seed(3)
    before = torch.get_rng_state()
    load_potential(saved)
    assert torch.equal(torch.get_rng_state(), before)


def test_parameters_of_another_model_are_refused(saved):
    header = json.loads((saved / "model.json").read_text())
    header["facts"]["settings"]["channels"] = 5
    (saved / "model.json").write_text(json.dumps(header))
    with pytest.raises(SchemaError, match="not the model's"):
        load_potential(saved)


def test_unknown_settings_in_a_file_are_refused(saved):
    header = json.loads((saved / "model.json").read_text())
    header["facts"]["settings"]["colour"] = "blue"
    (saved / "model.json").write_text(json.dumps(header))
    with pytest.raises(SchemaError, match="colour"):
        load_potential(saved)


def test_truncated_parameters_are_refused(saved):
    content = (saved / "model.npz").read_bytes()
    (saved / "model.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableError):
        load_potential(saved)


def test_elements_outside_training_are_refused(fitted):
    molecule = assemble(Parts("Cl", 2, "H"))
    with pytest.raises(RequestError, match=r"17"):
        fitted[0].predict(molecule, np.zeros((1, molecule.n_atoms, 3)))
