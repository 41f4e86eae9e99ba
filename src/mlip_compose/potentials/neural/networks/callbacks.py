"""What watches a training: its validation curve, its divergence, its cost and its progress."""

from __future__ import annotations

import math
import signal
import threading
import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging

from mlip_compose.core.host import peak_memory_mb
from mlip_compose.core.units import EV_IN_MEV
from mlip_compose.potentials.base import Progress

FORCES = "valid/metrics/forces_mae"
ENERGY = "valid/metrics/per_atom_energy_mae"
_DIVERGED = 100.0  # times the mean magnitude of the validation forces
_RISEN = 10.0  # times the smallest validation error so far ...
_IN_A_ROW = 2  # ... at so many validations running


class Averaging(EMAWeightAveraging):
    """Exponential moving average of the weights, which validation uses and the model ends with."""

    def __init__(self, decay: float) -> None:
        super().__init__(decay=decay, use_buffers=False)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the average also where a finished training was resumed, which runs no step."""
        self.on_train_end(trainer, pl_module)


class Termination(pl.Callback):
    """Lets SIGTERM end the process at once, as without Lightning.

    Lightning catches it and ends the training alone; a worker whose run was stopped would then wait
    for work for ever.
    """

    def __init__(self) -> None:
        self._before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the signal back to whoever had it; it is the main thread's."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._before)


class Curve(pl.Callback):
    """Validation errors by gradient step; it stops a training that diverges.

    That is one whose training loss or validation error is no number, whose validation error of the
    forces exceeds 100 times their mean magnitude once, or 10 times its own smallest value at two
    validations in a row: an average of weights does not come back from there within the steps that
    are left, since the learning rate falls. A rise by less is left alone: it may be the data's.

    Attributes
    ----------
    points
        One for each validation: ``step``, ``forces_mae`` in meV/Angstrom, ``energy_mae_per_atom``
        in meV/atom.
    divergence
        Why training was stopped, or None.
    """

    def __init__(self, mean_force: float) -> None:
        self.points: list[dict[str, float]] = []
        self.divergence: str | None = None
        self._limit = _DIVERGED * mean_force

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any
    ) -> None:
        """Stop where the training loss is no longer a number."""
        loss = float(outputs["loss"])
        if not math.isfinite(loss):
            self._stop(trainer, f"the training loss became {loss} at step {trainer.global_step}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a point; stop where the error is no longer a number, or absurdly large."""
        step = trainer.global_step
        forces, energy = (float(trainer.callback_metrics[key]) for key in (FORCES, ENERGY))
        self.points.append(
            {
                "step": step,
                "forces_mae": forces * EV_IN_MEV,
                "energy_mae_per_atom": energy * EV_IN_MEV,
            }
        )
        became = f"the validation error of the forces became {forces:.3g} eV/Angstrom"
        if not (math.isfinite(energy) and forces <= self._limit):
            self._stop(trainer, f"{became} at step {step}")
        elif self._has_risen():
            best = min(point["forces_mae"] for point in self.points) / EV_IN_MEV
            self._stop(trainer, f"{became} at step {step}, after {best:.3g} at its best")

    def _has_risen(self) -> bool:
        errors = [point["forces_mae"] for point in self.points]
        return len(errors) > _IN_A_ROW and min(errors[-_IN_A_ROW:]) > _RISEN * min(errors)

    def _stop(self, trainer: pl.Trainer, reason: str) -> None:
        self.divergence = self.divergence or reason
        trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return the points, for a checkpoint."""
        return {"points": self.points}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.points = state_dict["points"]


class Cost(pl.Callback):
    """CPU and wall time of a training, those before it was resumed included.

    Attributes
    ----------
    resumed_at
        The gradient steps at which the training went on from a checkpoint.
    """

    def __init__(self) -> None:
        self.resumed_at: list[int] = []
        self._before = (0.0, 0.0)
        self._start = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.process_time(), time.perf_counter()

    @property
    def cpu_seconds(self) -> float:
        """CPU time of this process, all threads."""
        return self._before[0] + self._now()[0] - self._start[0]

    @property
    def wall_seconds(self) -> float:
        """Time that went by."""
        return self._before[1] + self._now()[1] - self._start[1]

    def state_dict(self) -> dict[str, Any]:
        """Return what was spent so far, for a checkpoint."""
        spent = [self.cpu_seconds, self.wall_seconds]
        return {"spent": spent, "resumed_at": self.resumed_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Add what was spent up to a checkpoint."""
        self._before = tuple(state_dict["spent"])
        self.resumed_at = list(state_dict["resumed_at"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Record a resumption; count the peak memory of a GPU anew."""
        device = trainer.strategy.root_device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        if trainer.global_step:
            self.resumed_at.append(trainer.global_step)


class Report(pl.Callback):
    """Calls a progress function about a hundred times a training."""

    def __init__(self, progress: Progress, curve: Curve, steps: int) -> None:
        self._progress = progress
        self._curve = curve
        self._steps = steps

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Tell the step and the last validation error."""
        step = trainer.global_step
        if step % max(1, self._steps // 100) and step != self._steps:
            return
        message = f"step {step} of {self._steps}"
        if self._curve.points:
            error = self._curve.points[-1]["forces_mae"]
            message += f", validation forces {error:.0f} meV/Angstrom"
        self._progress(step / self._steps, message)


def peak_memory_on(device: torch.device) -> float:
    """Return the peak memory in MB (10^6 bytes): that of tensors on a GPU, else of the process."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 1e6
    return peak_memory_mb()
