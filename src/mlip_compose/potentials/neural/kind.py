"""A kind of potential from an architecture of graph-pes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.base import (
    Potential,
    PotentialKind,
    Progress,
    Settings,
    require_package,
    silent,
)
from mlip_compose.potentials.neural.settings import Architecture

if TYPE_CHECKING:
    pass


def neural_kind(architecture: Architecture, summary: str) -> PotentialKind:
    """Make the kind of potential that has this architecture, trained from scratch."""

    def fit(
        data: TrainingSet,
        settings: Settings,
        seed: int,
        workdir: Path,
        progress: Progress = silent,
    ) -> Potential | Failure:
        require_package(f"training {architecture.name}", "graph_pes", "train")
        from mlip_compose.potentials.neural.networks.fitting import fit_neural

        return fit_neural(architecture, data, settings, seed, workdir, progress)

    def load(directory: Path) -> Potential:
        require_package(f"loading a {architecture.name}", "graph_pes", "train")
        from mlip_compose.potentials.neural.networks.potential import load_neural

        return load_neural(architecture, directory)

    return PotentialKind(
        name=architecture.name,
        summary=summary,
        role="learned",
        settings=architecture.settings,
        fit=fit,
        load=load,
        extra="train",
    )
