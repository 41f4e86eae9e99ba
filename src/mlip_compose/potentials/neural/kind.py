"""A kind of potential from a network of graph-pes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.base import (
    Potential,
    PotentialKind,
    Progress,
    Settings,
    require_package,
    silent,
)
from mlip_compose.potentials.neural.settings import Architecture, NeuralSettings

if TYPE_CHECKING:
    from graph_pes import GraphPESModel


def neural_kind(
    name: str,
    summary: str,
    settings: type[NeuralSettings],
    build: Callable[[Any, list[int]], GraphPESModel],
) -> PotentialKind:
    """Make a kind of potential whose network is trained from scratch.

    Parameters
    ----------
    name, summary, settings
        Fields of the :class:`PotentialKind`.
    build
        Function that makes the untrained network; see :class:`Architecture`.
    """
    architecture = Architecture(name, settings, build)

    def fit(
        data: TrainingSet,
        settings: Settings,
        seed: int,
        workdir: Path,
        progress: Progress = silent,
    ) -> Potential | Failure:
        require_package(f"training {name}", "graph_pes", "train")
        from mlip_compose.potentials.neural.networks.fitting import fit_neural

        return fit_neural(architecture, data, settings, seed, workdir, progress)

    def load(directory: Path) -> Potential:
        require_package(f"loading a {name}", "graph_pes", "train")
        from mlip_compose.potentials.neural.networks.potential import load_neural

        return load_neural(architecture, directory)

    return PotentialKind(
        name=name,
        summary=summary,
        role="learned",
        settings=settings,
        fit=fit,
        load=load,
        extra="train",
    )
