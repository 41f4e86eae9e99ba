"""Training a graph-pes model with Lightning, resumable at every validation."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
import torch
from graph_pes import AtomicGraph, GraphPESModel
from graph_pes.data.loader import GraphDataLoader
from graph_pes.training.loss import MAE, PerAtomEnergyLoss, PropertyLoss, TotalLoss
from graph_pes.training.opt import LRScheduler
from graph_pes.training.tasks import TrainingTask
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.callbacks import ModelCheckpoint

from mlip_compose.core.errors import excerpt
from mlip_compose.core.files import set_aside
from mlip_compose.potentials.base import Progress
from mlip_compose.potentials.files import UNREADABLE
from mlip_compose.potentials.neural.networks.callbacks import (
    Averaging,
    Cost,
    Curve,
    Report,
    Termination,
)
from mlip_compose.potentials.neural.networks.loader import StepLoader
from mlip_compose.potentials.neural.networks.runtime import chosen_device, quiet
from mlip_compose.potentials.neural.settings import TrainingSettings

_VALIDATION_BATCH = 32  # frames


@dataclass(frozen=True)
class Training:
    """How a training went.

    Attributes
    ----------
    curve, cost
        Its validation errors and why it was stopped, if it was; its cost.
    steps
        Gradient steps done, those before it was resumed included.
    device
        Where it ran.
    """

    curve: Curve
    cost: Cost
    steps: int
    device: torch.device


def mean_norm_error(predicted: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Mean over atoms of the length of the error vector; both are (N, 3), eV/Angstrom.

    Like the mean absolute error it is not ruled by a few outliers, and it does not depend on the
    orientation of the axes.
    """
    error: torch.Tensor = torch.linalg.vector_norm(predicted - reference, dim=-1).mean()
    return error


def evenly(graphs: Sequence[AtomicGraph], most: int) -> Sequence[AtomicGraph]:
    """Take at most so many graphs, evenly over the list and so over molecules.

    Validation only watches a training: no weights are chosen by it, so that fewer frames add to
    the sampling error of its curve and change nothing of the potential.
    """
    if len(graphs) <= most:
        return graphs
    return [graphs[round(i * (len(graphs) - 1) / max(most - 1, 1))] for i in range(most)]


def train(
    model: GraphPESModel,
    train_graphs: Sequence[AtomicGraph],
    validation_graphs: Sequence[AtomicGraph],
    settings: TrainingSettings,
    seed: int,
    checkpoint: Path,
    progress: Progress,
) -> Training:
    """Train ``model`` in place; it ends with the average of its weights.

    Parameters
    ----------
    model
        Untrained, on the CPU.
    train_graphs, validation_graphs
        Graphs with ``energy`` in eV and ``forces`` in eV/Angstrom; of the latter, validations look
        at ``settings.validation_frames``.
    settings
        Of the training.
    seed
        Of the order of the frames.
    checkpoint
        File from which the training goes on, if it is there, and to which it writes at each
        validation.
    progress
        Called with the fraction of gradient steps that are done.
    """
    validation_graphs = evenly(validation_graphs, settings.validation_frames)
    loader = StepLoader(train_graphs, settings.batch_size, settings.steps, seed)
    validation = GraphDataLoader(
        validation_graphs, batch_size=_VALIDATION_BATCH, generator=torch.Generator()
    )
    forces = torch.cat([g.properties["forces"] for g in validation_graphs])
    curve, cost = Curve(float(forces.abs().mean())), Cost()
    loss = TotalLoss(
        [
            PropertyLoss("forces", mean_norm_error, weight=settings.forces_weight),
            PerAtomEnergyLoss(MAE(), weight=settings.energy_weight),
        ]
    )
    metrics = [PropertyLoss("forces", MAE()), PerAtomEnergyLoss(MAE())]
    device = chosen_device()
    with quiet():
        task = TrainingTask(model, loss, *_optimiser(settings), eval_metrics=metrics)
        trainer = pl.Trainer(
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=[device.index] if device.type == "cuda" else 1,
            plugins=[LightningEnvironment()],  # one process, whatever a scheduler's variables say
            max_steps=settings.steps,
            check_val_every_n_epoch=None,
            val_check_interval=max(1, settings.steps // settings.validations),
            num_sanity_val_steps=0,
            gradient_clip_val=settings.gradient_clip,
            callbacks=[
                Termination(),
                Averaging(settings.ema_decay),
                curve,
                cost,
                Report(progress, curve, settings.steps),
                ModelCheckpoint(
                    dirpath=checkpoint.parent,
                    filename=checkpoint.stem,
                    enable_version_counter=False,
                    every_n_epochs=1,
                    save_on_train_epoch_end=False,  # but at the end of each validation
                ),
            ],
            default_root_dir=checkpoint.parent,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        resume = str(checkpoint) if _can_go_on(checkpoint) else None
        _fit(trainer, task, loader, validation, resume)
    return Training(curve, cost, trainer.global_step, trainer.strategy.root_device)


def _can_go_on(checkpoint: Path) -> bool:
    """Whether there is a checkpoint; a damaged one is set aside, and no code in it is run."""
    if not checkpoint.exists():
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of torch, that it may not be one
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = excerpt(error, 100) or type(error).__name__
    else:
        if isinstance(state, dict) and {"state_dict", "optimizer_states"} <= state.keys():
            return True
        reason = f"{type(state).__name__} of something else"
    set_aside(checkpoint, checkpoint.parent / "damaged", reason)
    return False


def _optimiser(
    settings: TrainingSettings,
) -> tuple[Callable[[GraphPESModel], torch.optim.Optimizer], LRScheduler]:
    # graph-pes 1.0.2's own Optimizer takes parameters in the order of a set, by address in memory:
    # a checkpoint of its state does not fit the next process
    def adam(model: GraphPESModel) -> torch.optim.Optimizer:
        parameters = [p for p in model.parameters() if p.requires_grad]
        return torch.optim.Adam(parameters, lr=settings.learning_rate, fused=True)

    schedule = LRScheduler(
        "OneCycleLR",
        max_lr=settings.learning_rate,
        total_steps=settings.steps,
        # torch 2.13 divides by zero where the rate rises for exactly one step
        pct_start=settings.warmup * (0.999 if settings.warmup * settings.steps == 1 else 1.0),
        anneal_strategy=settings.schedule,
        cycle_momentum=False,
    )
    return adam, schedule


def _fit(
    trainer: pl.Trainer,
    task: TrainingTask,
    loader: StepLoader,
    validation: GraphDataLoader,
    resume: str | None,
) -> None:
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(task, loader, validation, ckpt_path=resume, weights_only=True)
    except SystemExit as stop:
        if not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        # Lightning makes this of Ctrl-C, and leaves Ctrl-C without effect
        signal.signal(signal.SIGINT, on_interrupt)
        raise stop.__context__ from None
