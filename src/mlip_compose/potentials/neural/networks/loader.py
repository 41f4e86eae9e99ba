"""Batches of training graphs in an order that depends on the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from graph_pes import AtomicGraph
from graph_pes.atomic_graph import to_batch
from graph_pes.data.datasets import GraphDataset
from torch.utils.data import DataLoader, Sampler


class StepSampler(Sampler[list[int]]):
    """Yield one batch of indices for each gradient step, starting at :attr:`next_step`.

    The frames are shuffled anew whenever all of them have been used, so a training resumed at any
    step sees the batches that it would have seen without the break.

    Parameters
    ----------
    n_frames
        Number of training frames to draw from.
    batch_size
        Frames a batch; a batch never holds a frame twice and is never larger than ``n_frames``.
    steps
        Number of batches.
    seed
        Of the order.
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
            place = step % per_pass
            if place == 0:
                order = torch.randperm(self.n_frames, generator=generator).tolist()
            if step == self.next_step:
                self.next_step += 1
                yield order[place * self.batch_size : (place + 1) * self.batch_size]


class StepLoader(DataLoader[Any]):
    """The batches of all gradient steps; Lightning stores in checkpoints how far it has come."""

    def __init__(
        self, graphs: Sequence[AtomicGraph], batch_size: int, steps: int, seed: int
    ) -> None:
        self.step_sampler = StepSampler(len(graphs), batch_size, steps, seed)
        dataset = GraphDataset(graphs)
        super().__init__(
            dataset,
            batch_sampler=self.step_sampler,
            collate_fn=to_batch,
            generator=torch.Generator(),  # so that torch's own is left alone
        )

    def state_dict(self) -> dict[str, int]:
        """Return the step whose batch comes next."""
        return {"next_step": self.step_sampler.next_step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from where :meth:`state_dict` was."""
        self.step_sampler.next_step = state["next_step"]
