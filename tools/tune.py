"""Try settings of a kind of potential on validation frames: a grid, a line of JSON a point.

    python tools/tune.py painn-small --set learning_rate 0.005 0.01 --set batch_size 4 8

Trains on the training frames of a task and looks at validation frames only (of the secondary
trajectories of training molecules): never at a frame of the ID or the OOD test. Lines that the
output already has are not computed again, and an interrupted training goes on from its checkpoint.
Settings chosen with it are in docs/potentials/settings.md.
"""

import argparse
import itertools
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.registry import get_potential
from mlip_compose.predictions.target import split_of, training_set
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.tasks.selection import select_frames


def main() -> None:
    """Run the grid that the command line spans."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind")
    parser.add_argument("--set", nargs="+", action="append", default=[], metavar="KEY VALUE ...")
    parser.add_argument("--task", default="length")
    parser.add_argument("--level", type=int, default=2)
    parser.add_argument("--dataset", default="core-v1")
    parser.add_argument("--train-frames", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/tune/tune.jsonl"))
    given = parser.parse_args()

    store = open_dataset(given.dataset)
    split = split_of(given.task, given.level, store, allow_missing=False)
    selection = select_frames(split, store.n_frames, given.train_frames, given.seed)
    data = training_set(store, selection.train, selection.validation)
    question = {
        "kind": given.kind,
        "task": given.task,
        "level": given.level,
        "dataset": given.dataset,
        "train_frames": given.train_frames,
        "seed": given.seed,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    lines = given.out.read_text().splitlines() if given.out.exists() else []
    known = [{key: json.loads(line)[key] for key in (*question, "settings")} for line in lines]
    for values in itertools.product(*(keys[1:] for keys in given.set)):
        chosen = dict(
            zip((keys[0] for keys in given.set), map(yaml.safe_load, values), strict=True)
        )
        settings = get_potential(given.kind).settings.model_validate(chosen).model_dump(mode="json")
        if question | {"settings": settings} in known:
            continue
        answer = attempt(data, given.kind, settings, given.seed, given.out.parent / "work")
        line = question | {"chosen": chosen} | answer | {"settings": settings}
        with given.out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps({"kind": given.kind, "chosen": chosen} | answer), flush=True)


def attempt(
    data: TrainingSet, name: str, settings: dict[str, object], seed: int, workdir: Path
) -> dict[str, Any]:
    """Train once; return errors on all validation frames, and the cost."""
    kind = get_potential(name)
    start = time.process_time()
    potential = kind.fit(data, kind.settings.model_validate(settings), seed, workdir)
    if isinstance(potential, Failure):
        return {"failed": str(potential)}
    seconds = time.process_time() - start
    forces, energies = [], []
    for frames in data.validation:
        molecule = data.molecules[frames.molecule]
        energy, force = potential.predict(molecule, frames.positions)
        forces.append(np.abs(force - frames.forces).ravel())
        energies.append(np.abs(energy - frames.energy) / molecule.n_atoms)
    shutil.rmtree(workdir, ignore_errors=True)
    report: dict[str, Any] = dict(potential.report)
    seconds = report.get("training_cpu_s", seconds)  # with those before it was interrupted
    return {
        "forces_mae_mev_per_angstrom": round(1e3 * float(np.concatenate(forces).mean()), 2),
        "energy_mae_mev_per_atom": round(1e3 * float(np.concatenate(energies).mean()), 3),
        "parameters": report["parameters"],
        "cpu_s": round(seconds, 1),
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    main()
