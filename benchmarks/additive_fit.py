"""Seconds to fit `additive` to 2,000 frames; budget 10 s.

The frames are those that a study would choose at level 2. `recombination` is the slowest task: its
training molecules are the most and the longest. One task a run, for what is found out about its
molecules is kept.

    python benchmarks/additive_fit.py [--task recombination] [--frames 2000] [--store STORE]
"""

import argparse
import time
from pathlib import Path

from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.additive.kind import KIND
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.tasks.rules import TASKS
from mlip_compose.tasks.selection import select_frames

BUDGET = 10.0  # seconds
LEVEL = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default="mini-v1")
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--task", default="recombination", choices=list(TASKS))
    arguments = parser.parse_args()
    store = open_dataset(arguments.store)
    data = training_set(store, arguments.task, arguments.frames)
    wall, cpu = time.perf_counter(), time.process_time()
    potential = KIND.fit(data, KIND.settings(), 0, Path())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if isinstance(potential, Failure):
        raise SystemExit(str(potential))
    verdict = "within" if wall <= BUDGET else "OVER"
    print(
        f"additive on {arguments.task}: {data.n_train} frames of {len(data.molecules)} molecules, "
        f"{potential.report['parameters']} parameters: {wall:.2f} s ({cpu:.2f} s CPU), "
        f"{verdict} the budget of {BUDGET:.0f} s"
    )


def training_set(store, task, n_frames):
    split = TASKS[task].split(store.molecules.values(), LEVEL)
    available = sum(store.n_frames(name, "primary") for name in split.train)
    selection = select_frames(split, store.n_frames, min(n_frames, available), seed=0)
    parts = {"train": [], "validation": []}
    for part, name, trajectory, indices in selection.wanted():
        if part in parts:
            parts[part].append(store.frames(name, trajectory, indices))
    molecules = {name: store.molecules[name] for name in selection.train}
    return TrainingSet(molecules, tuple(parts["train"]), tuple(parts["validation"]))


if __name__ == "__main__":
    main()
