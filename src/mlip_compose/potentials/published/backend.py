"""What a module must give so that a published model runs inside this environment, in batches.

A backend is a module of functions. The one place that reads a published weights file is its
``load``; what this package saves itself is JSON and arrays, from which ``rebuild`` and the arrays
restore the model, so no pickle of ours is ever loaded.

Nothing here imports torch.
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

BACKENDS = tuple(_PLACES)
"""Names of the backends, as a card gives them; iterating imports nothing."""


class Backend(Protocol):
    """A library whose models run inside this environment, batched and fine-tuned."""

    @property
    def BATCH_EDGES(self) -> Mapping[str, int]:  # noqa: N802 - a constant of a module
        """Directed edges that one batch holds, by type of device (``cpu``, ``cuda``)."""
        ...

    def load(self, card: ModelCard, weights: Path | None) -> GraphPESModel:
        """Load a published model.

        Parameters
        ----------
        card
            Of the model.
        weights
            Its weights file; None where the library finds it by itself. A file that executes code
            when it is loaded is opened only here, so whoever calls has asked for consent.

        Returns
        -------
        model
            Predicts the energy of a batched ``AtomicGraph`` in eV, less the energies of its atoms
            (:meth:`atomic_energies`), which float32 could not hold beside the rest. Its attribute
            ``cutoff`` (Angstrom) is that of the edges that it wants.
        """
        ...

    def atomic_energies(self, model: GraphPESModel) -> dict[int, float]:
        """Return energy by atomic number, eV, that sums up to the model's own zero of energy."""
        ...

    def architecture(self, model: GraphPESModel) -> dict[str, Any]:
        """Return what, beside its parameters and buffers, makes this model; JSON can hold it."""
        ...

    def rebuild(self, architecture: dict[str, Any]) -> GraphPESModel:
        """Make a model of this architecture whose parameters are still to be set."""
        ...


def get_backend(name: str) -> Backend:
    """Return the backend called ``name``; this imports torch and the backend's library."""
    if name not in _PLACES:
        raise UnknownNameError("backend", name, _PLACES)
    module = importlib.import_module(f"mlip_compose.potentials.published.{_PLACES[name]}")
    return cast(Backend, module)
