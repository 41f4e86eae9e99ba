"""`additive` as a witness: the tasks are feasible for a potential that knows parts and no more."""

from pathlib import Path

import numpy as np
import pytest

from mlip_compose.core.records import TrainingSet
from mlip_compose.potentials.additive.kind import KIND
from mlip_compose.potentials.additive.potential import AdditivePotential
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.tasks.rules import TASKS
from mlip_compose.tasks.selection import select_frames

LEVEL = 2
TRAIN_FRAMES = 2000
TESTED = 20  # frames of each OOD molecule, evenly taken


@pytest.fixture(scope="module")
def store():
    return open_dataset("core-v1")


def training_set(store, selection):
    parts = {"train": [], "validation": []}
    for part, name, trajectory, indices in selection.wanted():
        if part in parts:
            parts[part].append(store.frames(name, trajectory, indices))
    molecules = {name: store.molecules[name] for name in selection.train}
    return TrainingSet(molecules, tuple(parts["train"]), tuple(parts["validation"]))


def errors(store, potential, selection):
    """Return the errors of each part: of force components (meV/A), of energies (meV/atom)."""
    found = {"id": [], "ood": []}
    for part, name, trajectory, indices in selection.wanted():
        if part in found:
            few = indices[:: max(1, len(indices) // TESTED)]
            frames, molecule = store.frames(name, trajectory, few), store.molecules[name]
            energy, forces = potential.predict(molecule, frames.positions)
            off = (energy - frames.energy) / molecule.n_atoms
            found[part].append((abs(forces - frames.forces), off))
    return {
        part: (
            1000 * np.concatenate([force.ravel() for force, _ in each]).mean(),
            1000 * np.concatenate([abs(off) for _, off in each]).mean(),
            1000 * np.concatenate([abs(off - off.mean()) for _, off in each]).mean(),
        )
        for part, each in found.items()
    }


@pytest.mark.parametrize("task", TASKS)
def test_additive_generalises_on_every_task(store, task):
    split = TASKS[task].split(store.molecules.values(), LEVEL)
    selection = select_frames(split, store.n_frames, TRAIN_FRAMES, 0)
    potential = KIND.fit(training_set(store, selection), KIND.settings(), 0, Path())
    assert isinstance(potential, AdditivePotential)
    found = errors(store, potential, selection)
    forces, raw, within = zip(found["id"], found["ood"], strict=True)
    assert forces[0] < 90.0
    assert forces[1] < 1.15 * forces[0]
    assert raw[1] < 3.0  # meV/atom: no drift along the chain
    assert within[1] < 1.6 * within[0]
    unseen = {
        kind: counts
        for name in split.ood
        for kind, counts in potential.unseen_types(store.molecules[name]).items()
        if counts[0] and kind in ("bond", "angle", "torsion", "out-of-plane")
    }
    assert not unseen  # as the certificate says of environments of radius 2
