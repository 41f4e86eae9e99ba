"""Callbacks of a training: validation curve, divergence, averages, cost and progress."""

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
_DIVERGED = 100.0  # limit of the validation error, in mean magnitudes of the validation forces
_RISEN = 10.0  # limit of the validation error, in smallest errors so far ...
_IN_A_ROW = 2  # ... at so many validations in a row


class Averaging(EMAWeightAveraging):
    """Exponential moving average of the weights, for validations and for the final model."""

    def __init__(self, decay: float) -> None:
        super().__init__(decay=decay, use_buffers=False)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the average also at the end of a resumed training that had no step left."""
        self.on_train_end(trainer, pl_module)


class Termination(pl.Callback):
    """Handler of SIGTERM as it was before Lightning: the signal ends the process at once.

    Lightning catches the signal and ends only the training. A worker of a stopped run would then
    wait for work for ever.
    """

    def __init__(self) -> None:
        self._before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Restore the handler before Lightning's; only the main thread can set one."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._before)


class Curve(pl.Callback):
    """Validation errors by gradient step. A training that diverges is stopped.

    A training diverges where one of these holds:

    - its training loss or validation error is no number;
    - its validation error of the forces exceeds 100 times their mean magnitude;
    - that error exceeds 10 times its smallest value so far at two validations in a row.

    The learning rate falls, so an average of weights does not come back from there within the
    remaining steps. A smaller rise may be due to the data, and training goes on.

    Attributes
    ----------
    points
        A dict for each validation, with ``step``, ``forces_mae`` in meV/Angstrom and
        ``energy_mae_per_atom`` in meV/atom.
    divergence
        Reason why training was stopped; None where it was not.
    """

    def __init__(self, mean_force: float) -> None:
        self.points: list[dict[str, float]] = []
        self.divergence: str | None = None
        self._limit = _DIVERGED * mean_force

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any
    ) -> None:
        """Stop the training where its loss is no number."""
        loss = float(outputs["loss"])
        if not math.isfinite(loss):
            self._stop(trainer, f"the training loss became {loss} at step {trainer.global_step}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a point; stop the training where it diverges."""
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
        """Return the state for a checkpoint."""
        return {"points": self.points}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.points = state_dict["points"]


class Cost(pl.Callback):
    """CPU and wall time of a training, with the time before it was resumed.

    Attributes
    ----------
    resumed_at
        Gradient steps at which the training went on from a checkpoint.
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
        """CPU time of all threads of the process, s."""
        return self._before[0] + self._now()[0] - self._start[0]

    @property
    def wall_seconds(self) -> float:
        """Elapsed time, s."""
        return self._before[1] + self._now()[1] - self._start[1]

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        spent = [self.cpu_seconds, self.wall_seconds]
        return {"spent": spent, "resumed_at": self.resumed_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._before = tuple(state_dict["spent"])
        self.resumed_at = list(state_dict["resumed_at"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Record a resumption, and start the count of a GPU's peak memory."""
        device = trainer.strategy.root_device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        if trainer.global_step:
            self.resumed_at.append(trainer.global_step)


class Report(pl.Callback):
    """Progress of a training, told about a hundred times."""

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
    """Return the peak memory, MB (10^6 bytes): of tensors on a GPU, or of the process on a CPU."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 1e6
    return peak_memory_mb()
