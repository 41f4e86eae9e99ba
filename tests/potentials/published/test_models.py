"""Published files become models that say what their own libraries say."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from mlip_compose.core.errors import SchemaError, UnknownNameError, UnreadableError
from mlip_compose.core.units import HARTREE

pytest.importorskip("graph_pes")


def backend(card):
    from mlip_compose.potentials.published.backend import get_backend

    return get_backend(card.backend)


def graph_of(data, cutoff, dtype):
    """One batch of molecules of different sizes."""
    from graph_pes.atomic_graph import to_batch

    from mlip_compose.potentials.neural.networks.graphs import labelled_graphs

    zero = dict.fromkeys((1, 6, 8), 0.0)
    return to_batch(labelled_graphs(data.molecules, data.validation, zero, cutoff, dtype))


def close(a, b, tolerance):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_ani_says_what_torchani_says(data, ani_card, weights, precision):
    import torch
    from ase import Atoms
    from ase.units import Hartree

    dtype = getattr(torch, precision)
    module = backend(ani_card)
    model = module.load(ani_card, weights["torchani"]).to(dtype).eval()
    found = model.predict(graph_of(data, float(model.cutoff), dtype), ["energy", "forces"])
    own = module.atomic_energies(model)
    calculator = model.ani.ase()
    n = n_atoms = 0
    for frames in data.validation:
        numbers = data.molecules[frames.molecule].numbers
        for positions in frames.positions:
            atoms = Atoms(numbers, positions, calculator=calculator)
            energy = float(found["energy"][n]) + sum(own[z] for z in numbers.tolist())
            theirs = atoms.get_potential_energy() * HARTREE / Hartree
            close(energy, theirs, 1e-8 if precision == "float64" else 2e-3)
            forces = found["forces"][n_atoms : n_atoms + len(numbers)].numpy()
            assert np.abs(forces).max() > 0.01
            close(forces, atoms.get_forces(), 1e-7 if precision == "float64" else 1e-5)
            n, n_atoms = n + 1, n_atoms + len(numbers)
    assert n == 9


def test_mace_says_what_mace_says(data, mace_card, weights):
    import torch
    from ase import Atoms
    from mace.calculators import MACECalculator

    from mlip_compose.potentials.neural.networks.runtime import quiet

    module = backend(mace_card)
    model = module.load(mace_card, weights["mace"]).double().eval()
    found = model.predict(graph_of(data, float(model.cutoff), torch.float64), ["energy", "forces"])
    own = module.atomic_energies(model)
    with quiet():
        theirs = torch.load(weights["mace"], weights_only=False).double()
        calculator = MACECalculator(models=theirs, device="cpu", default_dtype="float64")
    frames = data.validation[0]
    numbers = data.molecules[frames.molecule].numbers
    for f, positions in enumerate(frames.positions):
        atoms = Atoms(numbers, positions, calculator=calculator)
        energy = float(found["energy"][f].detach()) + sum(own[z] for z in numbers.tolist())
        close(energy, atoms.get_potential_energy(), 1e-6)
        forces = found["forces"][f * len(numbers) : (f + 1) * len(numbers)].numpy()
        assert np.abs(forces).max() > 0.01
        close(forces, atoms.get_forces(), 1e-6)


def test_architecture_in_json_and_arrays_give_the_model_back(data, card, weights):
    import torch

    from mlip_compose.potentials.neural.networks.models import (
        load_parameter_arrays,
        parameter_arrays,
    )

    module = backend(card)
    model = module.load(card, weights[card.backend]).eval()
    again = module.rebuild(json.loads(json.dumps(module.architecture(model)))).eval()
    load_parameter_arrays(again, parameter_arrays(model))
    graph = graph_of(data, float(model.cutoff), torch.float32)
    before, after = (m.predict(graph, ["energy", "forces"]) for m in (model, again))
    for name, values in before.items():
        assert torch.equal(values, after[name])
    assert module.atomic_energies(again) == module.atomic_energies(model)


def test_atoms_apart_have_their_own_energy_and_no_force(card, weights):
    import torch
    from ase import Atoms
    from graph_pes import AtomicGraph

    model = backend(card).load(card, weights[card.backend]).eval()
    graph = AtomicGraph.from_ase(
        Atoms("CHH", [[0, 0, 0], [0, 0, 20.0], [0, 20.0, 0]]),
        float(model.cutoff),
    )
    found = model.predict(graph, ["energy", "forces"])
    assert torch.isfinite(found["energy"])
    assert not found["forces"].any()


class Malice:
    path = ""

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_no_code_of_a_state_dict_runs(tmp_path, ani_card):
    import torch

    malice = Malice()
    malice.path = str(tmp_path / "was here")
    torch.save({"atomic_numbers": malice}, tmp_path / "weights.pt")
    with pytest.raises(UnreadableError, match="random-torchani"):
        backend(ani_card).load(ani_card, tmp_path / "weights.pt")
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps([1, 2], protocol=2)])
def test_damaged_files_are_refused(tmp_path, card, content):
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises((UnreadableError, SchemaError), match=card.name):
        backend(card).load(card, tmp_path / "weights.pt")
    with pytest.raises(UnreadableError, match="nothing"):
        backend(card).load(card, tmp_path / "nothing")
    with pytest.raises(UnreadableError, match="no file"):
        backend(card).load(card, None)


def test_weights_of_another_model_are_refused(tmp_path, ani_card, mace_card, weights):
    import torch

    another = ani_card.model_copy(update={"constructor": "torchani.models:ANI2x"})
    with pytest.raises(SchemaError, match="ANI2x"):
        backend(ani_card).load(another, weights["torchani"])
    unknown = ani_card.model_copy(update={"constructor": "torchani.models:ANI3x"})
    with pytest.raises(UnknownNameError, match="ANI2x"):
        backend(ani_card).load(unknown, weights["torchani"])
    torch.save(torch.nn.Linear(1, 1), tmp_path / "linear.model")
    with pytest.raises(SchemaError, match="Linear"):
        backend(mace_card).load(mace_card, tmp_path / "linear.model")


def test_a_model_with_several_heads_is_refused(mace_card, several_heads):
    with pytest.raises(SchemaError, match="heads omol, spice"):
        backend(mace_card).load(mace_card, several_heads)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"avg_num_neighbors": 1.0}, "the model that it makes predicts something else"),
        ({"num_interactions": 1}, "state_dict|size|interactions"),
    ],
)
def test_a_model_that_its_configuration_does_not_describe_is_refused(
    mace_card, weights, monkeypatch, change, message
):
    from mlip_compose.potentials.published import with_mace

    honest = with_mace._configuration
    monkeypatch.setattr(with_mace, "_configuration", lambda model: honest(model) | change)
    with pytest.raises(
        SchemaError, match=rf"that its configuration describes; found .*({message})"
    ):
        backend(mace_card).load(mace_card, weights["mace"])


def test_backends_are_known_by_name():
    from mlip_compose.potentials.published.backend import get_backend

    with pytest.raises(UnknownNameError, match="torchani"):
        get_backend("torchany")


def test_published_weights_of_ani_2x(data, ani_card):
    import torch
    from ase import Atoms

    folder = os.environ.get("TORCHANI_DATA_DIR")
    path = Path(folder or ".") / "StateDicts" / "ani2x_state_dict.pt"
    if not path.exists():
        pytest.skip("TORCHANI_DATA_DIR has no weights of ANI-2x")
    card = ani_card.model_copy(update={"constructor": "torchani.models:ANI2x"})
    model = backend(card).load(card, path).eval()
    found = model.predict(graph_of(data, float(model.cutoff), torch.float32), ["forces"])
    frames = data.validation[0]
    numbers = data.molecules[frames.molecule].numbers
    atoms = Atoms(numbers, frames.positions[0], calculator=model.ani.ase())
    close(found["forces"][: len(numbers)].numpy(), atoms.get_forces(), 1e-4)
