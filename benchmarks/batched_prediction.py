"""Throughput of batched prediction, as a ratio to the same model frame by frame: at least 3.

The model is a `mace-small` of the default size (hardly trained: that costs the same). The frames
are all primary frames of every eighth molecule of `mini-v1`, or of the store that is given. Frame
by frame means the model's own ASE calculator of graph-pes, asked as any ASE program asks: for the
energy, then for the forces. A second line gives its best case: both at once, and without the skin
that only dynamics profits from. Rates are of CPU time.

    python benchmarks/batched_prediction.py [--store STORE] [--every 8] [--threads 1]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from ase import Atoms

from mlip_compose.potentials.base import silent
from mlip_compose.potentials.mace import SMALL as KIND
from mlip_compose.records import PRIMARY, TrainingSet
from mlip_compose.store.catalogue import open_store

TARGET = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default="mini-v1")
    parser.add_argument("--every", type=int, default=8, help="take every n-th molecule")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    store = open_store(arguments.store)
    frames = [store.frames(name, PRIMARY) for name in list(store.molecules)[:: arguments.every]]
    potential = hardly_trained(store)
    usual = potential.model.ase_calculator()
    bare = potential.model.ase_calculator(skin=0.0)

    def batched(numbers, block):
        return potential.predict(store.molecules[block.molecule], block.positions)[1]

    def one_by_one(numbers, block):
        forces = []
        for positions in block.positions:
            atoms = Atoms(numbers, positions, calculator=usual)
            atoms.get_potential_energy()
            forces.append(atoms.get_forces())
        return forces

    def one_by_one_best_case(numbers, block):
        forces = []
        for positions in block.positions:
            bare.calculate(Atoms(numbers, positions), ["energy", "forces"])
            forces.append(bare.results["forces"])
        return forces

    ways = (batched, one_by_one, one_by_one_best_case)
    spent = dict.fromkeys(ways, 0.0)
    for repeat in (False, True):  # once to warm up
        for block in frames if repeat else frames[:3]:
            numbers = store.molecules[block.molecule].numbers
            forces = []
            for way in ways:  # in turn, so that a busy machine is fair
                start = time.process_time()
                forces.append(np.array(way(numbers, block)))
                spent[way] += (time.process_time() - start) * repeat
            for other in forces[1:]:
                np.testing.assert_allclose(other, forces[0], atol=1e-4)

    total = sum(len(block) for block in frames)
    print(f"{total} frames of {len(frames)} molecules, {arguments.threads} thread(s)")
    for way in ways:
        ratio = spent[way] / spent[batched]
        print(
            f"{way.__name__:20s} {total / spent[way]:6.0f} frames/s, batched is {ratio:.1f} times"
        )
    raise SystemExit(spent[one_by_one] < TARGET * spent[batched])


def hardly_trained(store):
    """Make a potential of the default size by two gradient steps."""
    names = [name for name, molecule in store.molecules.items() if molecule.chain == 2]
    train, validation = (
        tuple(store.frames(name, PRIMARY, np.array([index])) for name in names) for index in (0, 1)
    )
    data = TrainingSet({name: store.molecules[name] for name in names}, train, validation)
    with tempfile.TemporaryDirectory() as workdir:
        return KIND.fit(data, KIND.settings(steps=2), 0, Path(workdir), silent)


if __name__ == "__main__":
    main()
