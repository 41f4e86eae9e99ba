"""Published models of the MACE family as graph-pes models.

Their files (``.model``) are pickles of whole objects, which run code when they are loaded. The
caller of :func:`load` has the user's consent. A fine-tuned model is saved as arguments in JSON and
arrays. Architecture: I. Batatia et al., NeurIPS 2022, arXiv:2206.07697.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from graph_pes import AtomicGraph, GraphPESModel
from torch import Tensor

from mlip_compose.core.errors import SchemaError, UnreadableError
from mlip_compose.potentials.files import UNREADABLE
from mlip_compose.potentials.neural.networks.runtime import quiet

# graph_pes comes first: under torch >= 2.6, e3nn 0.4.4 imports only after it
# mace-torch 0.3.16 prints that cuequivariance is missing
with quiet(), redirect_stdout(StringIO()):
    from e3nn import o3
    from graph_pes.interfaces._mace import MACEWrapper
    from mace.modules import ScaleShiftMACE, gate_dict, interaction_classes, readout_classes
    from mace.tools.scripts_utils import extract_config_mace_model

if TYPE_CHECKING:
    from mlip_compose.potentials.published.card import ModelCard

BATCH_EDGES: Final = {"cpu": 4_000, "cuda": 100_000}
"""Number of edges of a batch; a model with 128 channels takes some 100 kB an edge."""

_IRREPS = ("hidden_irreps", "edge_irreps", "MLP_irreps")
_CLASSES: Mapping[str, Mapping[str, Any]] = {
    "interaction_cls": interaction_classes,
    "interaction_cls_first": interaction_classes,
    "readout_cls": readout_classes,
}
_ARRAYS = ("atomic_inter_scale", "atomic_inter_shift")


class MACEModel(MACEWrapper):  # type: ignore[misc]  # graph_pes comes without types
    """A MACE model with its energies of atoms apart. Charge and spin are those of the graph.

    Parameters
    ----------
    model
        Model of mace-torch, whose atomic energies are zero.
    atomic_energies
        Atomic number to energy, eV; published total energies include them.
    """

    def __init__(self, model: ScaleShiftMACE, atomic_energies: Mapping[int, float]) -> None:
        super().__init__(model)
        self.atomic_energies = dict(atomic_energies)

    def convert_to_underlying_input(self, graph: AtomicGraph) -> dict[str, Tensor]:
        """Return MACE's input; a graph without charge and spin is a neutral singlet."""
        inputs: dict[str, Tensor] = super().convert_to_underlying_input(graph)
        n_structures = len(inputs["ptr"]) - 1
        for name, usual in (("total_charge", 0.0), ("total_spin", 1.0)):
            if name not in graph.other:
                inputs[name] = graph.R.new_full((n_structures,), usual)
        return inputs


def load(card: ModelCard, weights: Path | None) -> MACEModel:
    """Load a published model, and build it anew from its configuration.

    Raises
    ------
    UnreadableError
        There is no file, or torch cannot read it.
    SchemaError
        The model is of another class, has several heads, or differs from the one built anew.
    """
    expected = f"a model of mace-torch (ScaleShiftMACE, one head) for {card.name}"
    if weights is None:
        raise UnreadableError(expected, "no file")
    try:
        with quiet():
            published = torch.load(weights, map_location="cpu", weights_only=False)
    except UNREADABLE as error:
        raise UnreadableError(f"{expected} in {weights}", str(error)) from error
    if type(published) is not ScaleShiftMACE:
        raise SchemaError(f"{expected} in {weights}", type(published).__name__)
    if len(heads := getattr(published, "heads", ["Default"])) != 1:
        raise SchemaError(f"{expected} in {weights}", f"heads {', '.join(map(str, heads))}")
    try:
        return _anew(published)
    except (RuntimeError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise SchemaError(
            f"{expected} in {weights} that its configuration describes", str(error)
        ) from error


def architecture(model: GraphPESModel) -> dict[str, Any]:
    """Return the arguments that make the MACE model, with classes by name."""
    assert isinstance(model, MACEModel)
    return _configuration(model.model) | {
        "own_energies": {str(z): energy for z, energy in model.atomic_energies.items()}
    }


def rebuild(architecture: dict[str, Any]) -> MACEModel:
    """Make a model with random weights of the default dtype of torch."""
    arguments = dict(architecture)
    energies = {int(z): float(energy) for z, energy in arguments.pop("own_energies").items()}
    for key in _IRREPS:
        arguments[key] = None if arguments[key] is None else o3.Irreps(arguments[key])
    for key, classes in _CLASSES.items():
        arguments[key] = classes[arguments[key]]
    for key in _ARRAYS:
        arguments[key] = np.array(arguments[key])
    arguments["gate"] = gate_dict[arguments["gate"]]
    zeros = np.zeros((1, len(arguments["atomic_numbers"])))
    with quiet(), torch.random.fork_rng(devices=[]):
        model = ScaleShiftMACE(**arguments, atomic_energies=zeros, cueq_config=None)
    return MACEModel(model, energies)


def atomic_energies(model: GraphPESModel) -> dict[int, float]:
    """Return the energies of isolated atoms, atomic number to eV, in published energies."""
    assert isinstance(model, MACEModel)
    return dict(model.atomic_energies)


def _configuration(model: ScaleShiftMACE) -> dict[str, Any]:
    """Return the arguments that make a model, as JSON can hold them."""
    arguments = extract_config_mace_model(model)
    for key in ("atomic_energies", "cueq_config"):
        del arguments[key]
    for key in _IRREPS:
        arguments[key] = None if arguments[key] is None else str(arguments[key])
    for key, classes in _CLASSES.items():
        arguments[key] = next(name for name, cls in classes.items() if cls is arguments[key])
    for key in _ARRAYS:
        arguments[key] = arguments[key].tolist()
    arguments["gate"] = next(name for name, gate in gate_dict.items() if gate is arguments["gate"])
    arguments["atomic_numbers"] = arguments["atomic_numbers"].tolist()
    arguments["heads"] = list(arguments["heads"])
    for key in ("radial_MLP", "avg_num_neighbors", "num_polynomial_cutoff"):
        arguments[key] = _plain(arguments[key])
    return dict(arguments)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, Tensor | np.generic) else value


def _anew(published: Any) -> MACEModel:
    energies = published.atomic_energies_fn.atomic_energies.detach().double().flatten().tolist()
    atomic_energies = dict(zip(published.atomic_numbers.tolist(), energies, strict=True))
    dtype: torch.dtype = published.r_max.dtype
    model = rebuild(_configuration(published) | {"own_energies": atomic_energies})
    model.to(dtype)
    state = published.state_dict()
    for name, tensor in model.model.state_dict().items():
        if name != "atomic_energies_fn.atomic_energies":
            tensor.copy_(state[name])
    _compare(MACEModel(published.eval(), {}), model.eval(), dtype)
    return model


def _compare(published: MACEModel, anew: MACEModel, dtype: torch.dtype) -> None:
    """Raise ValueError unless both predict the same for a few atoms."""
    numbers = list(anew.atomic_energies)[:4]
    n = len(numbers)
    positions = torch.tensor([[0.0, 0, 0], [1.1, 0.2, 0], [-0.3, 1.2, 0.5], [0.9, 1.0, -1.0]])
    pairs = (1 - torch.eye(n)).nonzero().T
    graph = AtomicGraph(
        Z=torch.tensor(numbers),
        R=positions[:n].to(dtype),
        cell=torch.zeros(3, 3, dtype=dtype),
        neighbour_list=pairs,
        neighbour_cell_offsets=torch.zeros(pairs.shape[1], 3, dtype=dtype),
        properties={},
        cutoff=float(anew.cutoff),
        other={},
    )
    before, after = (model.predict(graph, ["energy", "forces"]) for model in (published, anew))
    offset = sum(list(anew.atomic_energies.values())[:n])
    tolerance = 1e-4 + 1e-6 * abs(offset)
    if not (
        abs(float((before["energy"] - after["energy"]).detach()) - offset) < tolerance
        and torch.allclose(before["forces"], after["forces"], rtol=1e-3, atol=1e-4)
    ):
        raise ValueError("the model that it makes predicts something else")
