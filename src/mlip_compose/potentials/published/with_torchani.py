"""ANI-1x, ANI-1ccx and ANI-2x of torchani as graph-pes models, batched over molecules of any size.

Architecture: J. S. Smith, O. Isayev, A. E. Roitberg, Chem. Sci. 2017, 8, 3192; the models: J. S.
Smith, B. Nebgen, N. Lubbers, O. Isayev, A. E. Roitberg, J. Chem. Phys. 2018, 148, 241733 (ANI-1x);
J. S. Smith et al., Nat. Commun. 2019, 10, 2903 (ANI-1ccx); C. Devereux et al., J. Chem. Theory
Comput. 2020, 16, 4192 (ANI-2x). Features and networks are torchani's own modules, with the names of
its published state dicts. Only the evaluation of the networks is written anew here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from ase.data import atomic_numbers
from graph_pes import AtomicGraph, GraphPESModel
from graph_pes.atomic_graph import PropertyKey
from torch import Tensor
from torch.nn.functional import celu, linear

from mlip_compose.core.errors import SchemaError, UnknownNameError, UnreadableError, one_line
from mlip_compose.core.units import HARTREE
from mlip_compose.potentials.files import UNREADABLE
from mlip_compose.potentials.neural.networks.runtime import quiet

with quiet():
    from torchani.arch import ANI, Assembler
    from torchani.neighbors import Neighbors
    from torchani.utils import SYMBOLS_1X, SYMBOLS_2X

if TYPE_CHECKING:
    from mlip_compose.potentials.published.card import ModelCard

BATCH_EDGES = {"cpu": 20_000, "cuda": 400_000}
"""Number of edges of a batch. An edge takes some 5 kB: AEV terms of triples, and hidden layers."""

_MEMBERS = 8
_ALPHA = 0.1  # parameter of the CELU between layers


@dataclass(frozen=True)
class _Family:
    terms: str
    symbols: tuple[str, ...]
    self_energies: str


_FAMILIES = {
    "ANI1x": _Family("ani1x", SYMBOLS_1X, "wb97x-631gd"),
    "ANI1ccx": _Family("ani1x", SYMBOLS_1X, "ccsd(t)star-cbs"),
    "ANI2x": _Family("ani2x", SYMBOLS_2X, "wb97x-631gd"),
}


class ANIModel(GraphPESModel):  # type: ignore[misc]  # graph_pes comes without types
    """An ensemble of ANI networks, whose energy is the mean of its members.

    Pairs of atoms come from the graph, so a batch holds molecules of different sizes without
    padding. Features of elements that a batch lacks are zero, and the first layer leaves out their
    columns. One product of matrices a layer evaluates all members.

    Parameters
    ----------
    family
        ``ANI1x``, ``ANI1ccx`` or ``ANI2x``.
    ani
        Model of torchani.
    """

    def __init__(self, family: str, ani: ANI) -> None:
        super().__init__(cutoff=float(ani.cutoff), implemented_properties=["local_energies"])
        self.family = family
        self.ani = ani
        self.symbols: tuple[str, ...] = ani.symbols

    def forward(self, graph: AtomicGraph) -> dict[PropertyKey, Tensor]:
        """Predict the energy of each atom above its self energy, (N,), eV.

        Raises
        ------
        ValueError
            The graph has an element that the model does not know.
        """
        elements = self.ani.species_converter(graph.Z[None])[0]
        i, j = graph.neighbour_list
        half = i < j
        pairs = torch.stack([i[half], j[half]])
        vectors = graph.R[pairs[0]] - graph.R[pairs[1]]
        neighbours = Neighbors(pairs, torch.linalg.vector_norm(vectors, dim=-1), vectors)
        features = self.ani.aev_computer.compute_from_neighbors(
            elements[None], graph.R[None], neighbours
        )[0]
        present = torch.unique(elements).tolist()
        columns = self._columns(present).to(elements.device)
        features = features[:, columns]
        energies = torch.zeros_like(graph.R[:, 0])
        for element in present:
            atoms = (elements == element).nonzero()[:, 0]
            energies = energies.index_add(
                0, atoms, self._mean_of_members(element, features[atoms], columns)
            )
        return {"local_energies": energies * HARTREE}

    def _columns(self, present: list[int]) -> Tensor:
        """Return the indices of features that can differ from zero among these elements."""
        computer = self.ani.aev_computer
        radial = torch.zeros(computer.num_species, computer.radial.num_feats, dtype=torch.bool)
        radial[present] = True
        pairs = computer.triu_index.cpu()[present][:, present].flatten()
        angular = torch.zeros(
            computer.num_species_pairs, computer.angular.num_feats, dtype=torch.bool
        )
        angular[pairs] = True
        return torch.cat([radial.flatten(), angular.flatten()]).nonzero()[:, 0]

    def _mean_of_members(self, element: int, features: Tensor, columns: Tensor) -> Tensor:
        """Return the mean energy over members of n atoms of one element, (n,), Hartree."""
        symbol = self.symbols[element]
        networks = [member.atomics[symbol] for member in self.ani.neural_networks.members]
        layers = list(zip(*(network.layers for network in networks), strict=True))
        weight = torch.cat([layer.weight[:, columns] for layer in layers[0]])
        bias = torch.cat([layer.bias for layer in layers[0]])
        hidden = celu(linear(features, weight, bias), alpha=_ALPHA)
        hidden = hidden.unflatten(1, (len(networks), -1)).transpose(0, 1)  # (members, n, width)
        for linears in [*layers[1:], [network.final_layer for network in networks]]:
            weights = torch.stack([layer.weight for layer in linears])
            biases = torch.stack([layer.bias for layer in linears])
            hidden = torch.baddbmm(biases[:, None], hidden, weights.transpose(1, 2))
            if weights.shape[1] > 1:
                hidden = celu(hidden, alpha=_ALPHA)
        return hidden[..., 0].mean(dim=0)


def load(card: ModelCard, weights: Path | None) -> ANIModel:
    """Load published weights, a state dict of torchani, without running code of the file.

    Raises
    ------
    UnreadableError
        There is no file, or torch cannot read it.
    SchemaError
        The file is not the state dict of this model.
    """
    model = rebuild({"family": card.constructor.rpartition(":")[2], "members": _MEMBERS})
    expected = f"the state dict of {model.family} for {card.name}"
    if weights is None:
        raise UnreadableError(expected, "no file")
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = one_line(error, 300)
        raise UnreadableError(f"{expected} in {weights}", reason) from error
    try:
        model.ani.load_state_dict(dict(state))
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        reason = one_line(error, 300)
        raise SchemaError(f"{expected} in {weights}", reason) from error
    return model


def architecture(model: GraphPESModel) -> dict[str, Any]:
    """Return the family and the number of members."""
    assert isinstance(model, ANIModel)
    return {"family": model.family, "members": len(model.ani.neural_networks.members)}


def rebuild(architecture: dict[str, Any]) -> ANIModel:
    """Make a model with random weights of the default dtype of torch."""
    name = architecture["family"]
    if name not in _FAMILIES:
        raise UnknownNameError("ANI model", name, _FAMILIES)
    family = _FAMILIES[name]
    assembler = Assembler(periodic_table_index=True)
    assembler.set_symbols(family.symbols)
    assembler.set_global_cutoff_fn("cosine")
    assembler.set_aev_computer(radial=family.terms, angular=family.terms, strategy="pyaev")
    assembler.set_atomic_networks(ctor=family.terms)
    assembler.set_neighborlist("all_pairs")
    assembler.set_gsaes_as_self_energies(family.self_energies)
    ani = assembler.assemble(architecture["members"])
    assert isinstance(ani, ANI)
    return ANIModel(name, ani)


def atomic_energies(model: GraphPESModel) -> dict[int, float]:
    """Return the self energies, atomic number to eV, in published energies of ANI."""
    assert isinstance(model, ANIModel)
    energies = model.ani.energy_shifter.self_energies.double() * HARTREE
    numbers = [atomic_numbers[symbol] for symbol in model.symbols]
    return dict(zip(numbers, energies.tolist(), strict=True))
