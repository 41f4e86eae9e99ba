"""From a training set to a neural potential."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from graph_pes.atomic_graph import to_batch
from graph_pes.utils.nn import count_used_parameters

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.base import Progress, Settings
from mlip_compose.potentials.neural.networks.callbacks import peak_memory_on
from mlip_compose.potentials.neural.networks.graphs import labelled_graphs
from mlip_compose.potentials.neural.networks.models import DTYPES, build_model
from mlip_compose.potentials.neural.networks.potential import NeuralPotential
from mlip_compose.potentials.neural.networks.runtime import name_of
from mlip_compose.potentials.neural.networks.scaling import scale_messages
from mlip_compose.potentials.neural.networks.training import Training, train
from mlip_compose.potentials.neural.settings import Architecture
from mlip_compose.potentials.reference_energies import fit_reference_energies


def fit_neural(
    architecture: Architecture,
    data: TrainingSet,
    settings: Settings,
    seed: int,
    workdir: Path,
    progress: Progress,
) -> NeuralPotential | Failure:
    """Train a potential from scratch, or from the checkpoint of the same training in ``workdir``.

    The same training has the same architecture, settings, seed and data. Checkpoints of other
    trainings stay untouched.

    Raises
    ------
    CoverageError
        There is no training frame or no validation frame.
    """
    settings = architecture.settings.model_validate(settings.model_dump())
    reference_energies = fit_reference_energies(data)
    if not any(len(frames) for frames in data.validation):
        raise CoverageError("at least one validation frame", "none")
    dtype = DTYPES[settings.dtype]
    graphs, validation = (
        labelled_graphs(data.molecules, frames, reference_energies, settings.cutoff, dtype)
        for frames in (data.train, data.validation)
    )
    model = build_model(architecture, settings, sorted(reference_energies), seed)
    scale_messages(model, to_batch(graphs))

    name = fingerprint(architecture.name, data, settings, seed)
    checkpoint = workdir / "checkpoints" / f"{architecture.name}-{name}.ckpt"
    training = train(model, graphs, validation, settings, seed, checkpoint, progress)
    if training.curve.divergence is not None:
        return Failure("training", architecture.name, training.curve.divergence)
    return NeuralPotential(
        architecture,
        settings,
        model.eval().requires_grad_(False).cpu(),
        reference_energies,
        {"parameters": count_used_parameters(model)} | training_facts(training),
    )


def training_facts(training: Training) -> dict[str, object]:
    """Return the course and the cost of a training, as JSON can hold them."""
    device = training.device
    return {
        "gradient_steps": training.steps,
        "validation_curve": training.curve.points,
        "resumed_at": training.cost.resumed_at,
        "training_cpu_s": round(training.cost.cpu_seconds, 2),
        "training_wall_s": round(training.cost.wall_seconds, 2),
        "peak_memory_mb": round(peak_memory_on(device), 1),
        "device": name_of(device),
        "threads": torch.get_num_threads(),
    }


def fingerprint(name: str, data: TrainingSet, settings: Settings, seed: int) -> str:
    """Return the identity of a training, 16 hexadecimal digits: a hash of settings, seed and data.

    The name of a checkpoint holds it.
    """
    digest = hashlib.sha256()
    values = settings.model_dump(mode="json")
    digest.update(json.dumps([name, values, seed], sort_keys=True).encode())
    for frames in (*data.train, *data.validation):
        digest.update(f"{frames.molecule} {frames.trajectory}".encode())
        for array in (frames.positions, frames.energy, frames.forces):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
