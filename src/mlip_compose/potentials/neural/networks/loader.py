"""Batches of training graphs, in an order that depends only on the seed and the step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from graph_pes import AtomicGraph
from graph_pes.atomic_graph import to_batch
from graph_pes.data.datasets import GraphDataset
from torch.utils.data import DataLoader, Sampler


class StepSampler(Sampler[list[int]]):
    """Batches of indices of frames, one for each gradient step from ``next_step`` on.

    The frames are shuffled anew after each pass over them. A training that is resumed at any step
    sees the same batches as one without the break.

    Parameters
    ----------
    n_frames
        Number of training frames.
    batch_size
        Frames a batch. A batch has no frame twice, and at most ``n_frames`` frames.
    steps
        Number of batches.
    seed
        Seed of the order.
    """

    def __init__(self, n_frames: int, batch_size: int, steps: int, seed: int) -> None:
        self.n_frames = n_frames
        self.batch_size = min(batch_size, n_frames)
        self.steps = steps
        self.seed = seed
        self.next_step = 0

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[list[int]]:
        per_pass = self.n_frames // self.batch_size
        generator = torch.Generator().manual_seed(self.seed)
        order: list[int] = []
        for step in range(self.steps):
            position = step % per_pass
            if position == 0:
                order = torch.randperm(self.n_frames, generator=generator).tolist()
            if step == self.next_step:
                self.next_step += 1
                start = position * self.batch_size
                yield order[start : start + self.batch_size]


class StepLoader(DataLoader[Any]):
    """Batches of all gradient steps. Lightning stores its state in checkpoints."""

    def __init__(
        self, graphs: Sequence[AtomicGraph], batch_size: int, steps: int, seed: int
    ) -> None:
        self.step_sampler = StepSampler(len(graphs), batch_size, steps, seed)
        dataset = GraphDataset(graphs)
        super().__init__(
            dataset,
            batch_sampler=self.step_sampler,
            collate_fn=to_batch,
            generator=torch.Generator(),  # torch's own generator stays untouched
        )

    def state_dict(self) -> dict[str, int]:
        """Return the step of the next batch, for a checkpoint."""
        return {"next_step": self.step_sampler.next_step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a checkpoint."""
        self.step_sampler.next_step = state["next_step"]
