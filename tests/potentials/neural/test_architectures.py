"""What every architecture that is trained from scratch has to do, beyond the contract."""

import importlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mlip_compose.potentials.registry import get_potential

ARCHITECTURES: dict[str, Any] = {
    "schnet": {"channels": 8, "layers": 2, "radial_functions": 12},
    "painn": {"channels": 4, "layers": 2},
    "tensornet": {"channels": 4, "layers": 1},
    "nequip": {"channels": 4, "layers": 2, "radial_width": 8},
    "mace": {"channels": 4, "radial_width": 8},
    "additive+mace": {"channels": 4, "radial_width": 8, "additive": {"strengths": [1.0]}},
}
TRAINING: dict[str, Any] = {
    "cutoff": 3.0,
    "learning_rate": 0.01,
    "steps": 12,
    "batch_size": 3,
    "validations": 4,
    "ema_decay": 0.5,
}
SUMS = {"schnet": 2, "painn": 2, "tensornet": 2, "nequip": 2, "mace": 2}
"""How often each of these adds up messages of neighbours."""


class KilledError(Exception):
    pass


@pytest.fixture(params=ARCHITECTURES)
def architecture(request):
    return request.param


@pytest.fixture
def kind(architecture):
    return get_potential(f"{architecture}-small")


@pytest.fixture
def settings(architecture, kind):
    return kind.settings(**TRAINING, **ARCHITECTURES[architecture])


def predictions(potential, data):
    return [potential.predict(data.molecules[f.molecule], f.positions) for f in data.validation]


def test_killed_training_goes_on_from_its_last_checkpoint(kind, settings, data, tmp_path):
    def kill(done, message):
        if done >= 0.8:  # at step 10 of 12, the last validation at 9
            raise KilledError

    whole = kind.fit(data, settings, 0, tmp_path / "whole")
    with pytest.raises(KilledError):
        kind.fit(data, settings, 0, tmp_path / "broken", kill)
    resumed = kind.fit(data, settings, 0, tmp_path / "broken")
    assert whole.report["resumed_at"] == []
    assert resumed.report["resumed_at"] == [9]
    assert resumed.report["gradient_steps"] == 12
    for a, b in zip(predictions(resumed, data), predictions(whole, data), strict=True):
        np.testing.assert_allclose(a[0], b[0], rtol=1e-6)
        np.testing.assert_allclose(a[1], b[1], atol=1e-5)


def build(architecture, dtype, elements=(1, 6, 8), **more):
    from mlip_compose.potentials.neural.networks.models import build_model
    from mlip_compose.potentials.neural.settings import Architecture

    kind: Any = get_potential(f"{architecture}-small")
    module = importlib.import_module(f"mlip_compose.potentials.neural.architectures.{architecture}")
    settings = kind.settings(**TRAINING | ARCHITECTURES[architecture] | {"dtype": dtype} | more)
    made = Architecture(kind.name, kind.settings, module.build)
    return build_model(made, settings, list(elements), seed=1), settings


def atoms(numbers):
    """Stand in for a molecule of atoms that no bonds join."""
    return SimpleNamespace(numbers=np.array(numbers), charge=0, spin=1)


@pytest.mark.parametrize("name", SUMS)
def test_float32_and_float64_give_the_same_but_for_rounding(name, data):
    import torch

    from mlip_compose.potentials.neural.networks.graphs import batch_graph
    from mlip_compose.potentials.neural.networks.models import (
        load_parameter_arrays,
        parameter_arrays,
    )

    double, settings = build(name, "float64")
    single, _ = build(name, "float32")
    load_parameter_arrays(single, parameter_arrays(double))
    frames = data.train[1]
    molecule = data.molecules[frames.molecule]
    found = {}
    for model, dtype in ((double, torch.float64), (single, torch.float32)):
        assert {p.dtype for p in model.parameters() if p.is_floating_point()} == {dtype}
        graph = batch_graph(molecule, frames.positions, settings.cutoff, dtype)
        found[dtype] = model.predict(graph, ["energy", "forces"])
        assert {value.dtype for value in found[dtype].values()} == {dtype}
    for key, tolerance in (("energy", 1e-3), ("forces", 1e-3)):
        torch.testing.assert_close(
            found[torch.float32][key].double(),
            found[torch.float64][key],
            atol=tolerance,
            rtol=tolerance,
        )


@pytest.mark.parametrize("name", SUMS)
def test_every_sum_over_neighbours_is_scaled(name, data, monkeypatch):
    """Scaling by s divides the sums: as many edges, each s times, give the same features."""
    import torch
    from graph_pes.models.components.aggregation import ScaledSumNeighbours

    from mlip_compose.potentials.neural.networks.graphs import batch_graph
    from mlip_compose.potentials.neural.networks.scaling import ScaledFilter, scale_messages

    model, settings = build(name, "float64")
    frames = data.train[1]
    molecule = data.molecules[frames.molecule]
    graph = batch_graph(molecule, frames.positions, settings.cutoff, torch.float64)
    scale_messages(model, graph)
    scaled = [m for m in model.modules() if isinstance(m, ScaledSumNeighbours | ScaledFilter)]
    assert len(scaled) == SUMS[name]
    average = graph.neighbour_list.shape[1] / len(graph.Z)
    for module in scaled:
        assert float(module.scale) == pytest.approx(average**0.5)

    once = model.predict(graph, ["energy"])["energy"]
    twice = graph._replace(
        neighbour_list=graph.neighbour_list.repeat(1, 2),
        neighbour_cell_offsets=graph.neighbour_cell_offsets.repeat(2, 1),
    )
    assert not torch.allclose(model.predict(twice, ["energy"])["energy"], once)
    for module in scaled:
        module.scale.data *= 2
    torch.testing.assert_close(model.predict(twice, ["energy"])["energy"], once)


@pytest.mark.parametrize("name", SUMS)
def test_energy_is_continuous_where_atoms_come_within_the_cutoff(name):
    import torch

    from mlip_compose.potentials.neural.networks.graphs import batch_graph

    model, settings = build(name, "float64")
    edge = settings.cutoff + np.array([-1e-7, 1e-7])
    positions = np.array([[[0, 0, 0], [1.0, 0, 0], [0, x, 0]] for x in edge])
    graph = batch_graph(atoms([6, 1, 8]), positions, settings.cutoff, torch.float64)
    assert len(graph.neighbour_list[0]) == 4 + 2  # the pair is in the first frame alone
    found = model.predict(graph, ["energy"])["energy"].detach()
    assert abs(float(found[1] - found[0])) < 1e-6


def test_standard_size_is_the_small_one_with_other_defaults(architecture, kind):
    standard: Any = get_potential(f"{architecture}-standard").settings
    small, large = kind.settings(), standard()
    assert set(type(small).model_fields) == set(standard.model_fields)
    assert large.cutoff == 5.0
    assert large.channels > small.channels
    assert large.layers >= small.layers
    assert large.steps > 10 * small.steps
    assert large.learning_rate <= small.learning_rate
    for wrong in ({"channels": 0}, {"steps": 0}, {"cutoff": -1.0}, {"layers": 0}, {"lr": 1}):
        with pytest.raises(ValidationError):
            standard(**wrong)


def test_small_sizes_have_one_budget():
    """Frames and gradient steps are the same for all, so that architectures can be compared."""
    kinds: list[Any] = [get_potential(f"{name}-small") for name in ARCHITECTURES] + [
        get_potential("mace-short")
    ]
    budgets = {(kind.settings().steps, kind.settings().batch_size) for kind in kinds}
    assert budgets == {(1500, 4)}


@pytest.mark.parametrize(
    ("name", "layers"),
    [("schnet", 2), ("painn", 2), ("tensornet", 2), ("nequip", 2), ("mace", 2)],
)
def test_atoms_beyond_the_receptive_field_have_no_influence(name, layers):
    """A chain of atoms at 1.6 Angstrom, each the neighbour of the next alone at a cutoff of 3."""
    import torch

    from mlip_compose.potentials.neural.networks.graphs import batch_graph

    model, settings = build(name, "float64", elements=(6,))
    field = settings.receptive_field()
    assert field.angstrom == 3.0 * layers
    chain = np.zeros((1, layers + 3, 3))
    chain[0, :, 0] = 1.6 * np.arange(layers + 3)
    moved = chain.copy()
    moved[0, layers + 1, 0] += 0.1  # more than that many layers from the first atom
    moved[0, layers + 2, 0] += 0.1
    nearer = chain.copy()
    nearer[0, layers, 0] += 0.1
    first = []
    for positions in (chain, moved, nearer):
        graph = batch_graph(atoms([6] * (layers + 3)), positions, 3.0, torch.float64)
        found = model.predict(graph, ["local_energies"])["local_energies"].detach()
        first.append(float(found[0]))
    assert first[1] == pytest.approx(first[0], abs=1e-13)
    assert first[2] != pytest.approx(first[0], abs=1e-9)
