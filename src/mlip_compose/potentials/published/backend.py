"""Backends: libraries that run published models inside this environment, in batches.

A backend is a module of functions. Only its ``load`` reads a published weights file. A saved
potential is JSON and arrays, and ``rebuild`` restores its model: no pickle of this package is ever
loaded. Nothing here imports torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from mlip_compose.core.errors import UnknownNameError

if TYPE_CHECKING:
    from graph_pes import GraphPESModel

    from mlip_compose.potentials.published.card import ModelCard

_PLACES = {"torchani": "with_torchani", "mace": "with_mace"}


class Backend(Protocol):
    """Functions of a module that runs models of one library."""

    @property
    def BATCH_EDGES(self) -> Mapping[str, int]:  # noqa: N802 - a constant of a module
        """Number of directed edges of a batch, by type of device (``cpu``, ``cuda``)."""
        ...

    def load(self, card: ModelCard, weights: Path | None) -> GraphPESModel:
        """Load a published model.

        Parameters
        ----------
        card
            Card of the model.
        weights
            Weights file. It may run code when it is loaded: the caller has the user's consent.

        Returns
        -------
        GraphPESModel
            Model of the energy of a batched ``AtomicGraph``, eV, less the energies of the atoms
            (:meth:`atomic_energies`); float32 could not hold their sum. Its attribute ``cutoff`` is
            the largest length of edges, Angstrom.
        """
        ...

    def atomic_energies(self, model: GraphPESModel) -> dict[int, float]:
        """Return the energies of atoms, atomic number to eV, that published energies include."""
        ...

    def architecture(self, model: GraphPESModel) -> dict[str, Any]:
        """Return the arguments of :meth:`rebuild` for this model, as JSON can hold them."""
        ...

    def rebuild(self, architecture: dict[str, Any]) -> GraphPESModel:
        """Make a model of this architecture with random parameters."""
        ...


def get_backend(name: str) -> Backend:
    """Return the backend ``name``, and import torch and the backend's library."""
    if name not in _PLACES:
        raise UnknownNameError("backend", name, _PLACES)
    module = importlib.import_module(f"mlip_compose.potentials.published.{_PLACES[name]}")
    return cast(Backend, module)
