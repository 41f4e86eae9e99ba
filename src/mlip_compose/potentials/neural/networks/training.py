"""Training of a graph-pes model with Lightning, resumable at every validation."""

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
    """Course of a training.

    Attributes
    ----------
    curve
        Validation errors, and the reason why the training was stopped, if it was.
    cost
        CPU and wall time.
    steps
        Number of gradient steps, with those before it was resumed.
    device
        Device of the training.
    """

    curve: Curve
    cost: Cost
    steps: int
    device: torch.device


def mean_norm_error(predicted: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Mean over atoms of the length of the error vector; both are (N, 3), eV/Angstrom.

    A few outliers do not rule it, as they do not rule the mean absolute error. It does not depend
    on the orientation of the axes.
    """
    error: torch.Tensor = torch.linalg.vector_norm(predicted - reference, dim=-1).mean()
    return error


def evenly(graphs: Sequence[AtomicGraph], most: int) -> Sequence[AtomicGraph]:
    """Take at most ``most`` graphs, evenly over the list and so over molecules.

    Validation chooses no weights. Fewer frames add to the sampling error of its curve and do not
    change the potential.
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
        Untrained model, on the CPU.
    train_graphs, validation_graphs
        Graphs with ``energy`` in eV and ``forces`` (N, 3) in eV/Angstrom. A validation takes
        ``settings.validation_frames`` of its graphs at most.
    settings
        Settings of the training.
    seed
        Seed of the order of the frames.
    checkpoint
        File that each validation writes. The training goes on from it where it is there.
    progress
        Function that is called with the fraction of gradient steps done.
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
    """Tell whether there is a checkpoint. A damaged one is set aside, and no code in it is run."""
    if not checkpoint.exists():
        return False
    try:
        with warnings.catch_warnings():
            # torch doubts that the file is a checkpoint
            warnings.simplefilter("ignore", UserWarning)
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
    # the Optimizer of graph-pes 1.0.2 takes parameters in the order of a set, by address in memory:
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
        # Lightning turns Ctrl-C into SystemExit, and later ones have no effect
        signal.signal(signal.SIGINT, on_interrupt)
        raise stop.__context__ from None
