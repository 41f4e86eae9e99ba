"""`additive` as a witness: the tasks are feasible for a potential that knows parts and no more."""

import numpy as np
import pytest

from mlip_compose import fit_potential, open_dataset, split_dataset
from mlip_compose.potentials.additive.potential import AdditivePotential
from mlip_compose.tasks.rules import TASKS

LEVEL = 2
TRAIN_FRAMES = 2000
TESTED = 20  # frames of each OOD molecule, evenly taken


@pytest.fixture(scope="module")
def store():
    return open_dataset("core-v1")


def errors(store, potential, selection):
    """Return the errors of each part: of force components (meV/A), of energies (meV/atom)."""
    differences = {"id": [], "ood": []}
    for part, name, trajectory, indices in selection.wanted():
        if part in differences:
            few = indices[:: max(1, len(indices) // TESTED)]
            frames, molecule = store.frames(name, trajectory, few), store.molecules[name]
            energy, forces = potential.predict(molecule, frames.positions)
            off = (energy - frames.energy) / molecule.n_atoms
            differences[part].append((abs(forces - frames.forces), off))
    return {
        part: (
            1000 * np.concatenate([force.ravel() for force, _ in pairs]).mean(),
            1000 * np.concatenate([abs(off) for _, off in pairs]).mean(),
            1000 * np.concatenate([abs(off - off.mean()) for _, off in pairs]).mean(),
        )
        for part, pairs in differences.items()
    }


@pytest.mark.parametrize("task", TASKS)
def test_additive_generalises_on_every_task(store, task):
    target = split_dataset(store, task, LEVEL, TRAIN_FRAMES)
    potential = fit_potential("additive", store, target)
    assert isinstance(potential, AdditivePotential)
    by_part = errors(store, potential, target.selection)
    forces, raw, within = zip(by_part["id"], by_part["ood"], strict=True)
    assert forces[0] < 90.0
    assert forces[1] < 1.15 * forces[0]
    assert raw[1] < 3.0  # meV/atom: no drift along the chain
    assert within[1] < 1.6 * within[0]
    unseen = {
        kind: counts
        for name in target.split.ood
        for kind, counts in potential.unseen_types(store.molecules[name]).items()
        if counts[0] and kind in ("bond", "angle", "torsion", "out-of-plane")
    }
    assert not unseen  # as the certificate says of environments of radius 2
