import numpy as np
import pytest

from mlip_compose.potentials.neural.dense_interaction import DenseInteraction  # torch first
from mlip_compose.potentials.neural.graphs import batch_graph
from mlip_compose.potentials.neural.models import build_model
from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings


@pytest.mark.parametrize(("hidden", "l_max", "layers"), [("0e + 1o", 2, 2), ("0e + 1o + 2e", 3, 1)])
def test_dense_interaction_is_that_of_graph_pes(hidden, l_max, layers):
    import torch
    from graph_pes.models import MACE

    def plain(_settings, _elements):
        model = MACE(
            elements=["H", "C"],
            cutoff=3.0,
            channels=3,
            hidden_irreps=hidden,
            l_max=l_max,
            layers=layers,
            correlation=2,
            weights_mlp={"hidden_depth": 1, "hidden_features": 4},
        )
        model.node_attribute_generator.register_forward_hook(lambda _m, _z, out: out.double())
        return model

    def dense(settings, elements):
        model = plain(settings, elements)
        for layer in model.layers:
            layer.interaction = DenseInteraction(layer.interaction)
        return model

    expected, found = (
        build_model(
            Architecture("m", NeuralSettings, build), NeuralSettings(dtype="float64"), [1, 6], 4
        ).eval()
        for build in (plain, dense)
    )
    rng = np.random.default_rng(1)
    numbers = np.array([6, 6, 1, 1, 1, 6, 1], dtype=np.uint8)
    graph = batch_graph(numbers, rng.uniform(0, 3, size=(2, 7, 3)), 3.0, torch.float64)
    a, b = (model.predict(graph, ["energy", "forces"]) for model in (expected, found))
    torch.testing.assert_close(b["energy"], a["energy"], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(b["forces"], a["forces"], rtol=1e-10, atol=1e-10)
    assert a["forces"].abs().max() > 1e-3

    names, dense_names = set(expected.state_dict()), set(found.state_dict())
    assert dense_names < names  # a model of graph-pes can take the parameters
    assert all(".tp." in name for name in names - dense_names)  # e3nn's own constants
