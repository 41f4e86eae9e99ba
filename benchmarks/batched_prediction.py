"""Throughput of batched prediction, as a ratio to the same model frame by frame through ASE.

Targets of the ratio: 3 for graph-pes models, 5 for ANI-2x. The former are of the small kinds'
default sizes (hardly trained: that costs the same). The frames are primary frames of every n-th
molecule of the store, evenly taken. Frame by frame means the model's own ASE calculator, asked as
any ASE program asks: for the energy, then for the forces. A second line gives its best case: both
at once, and for graph-pes without the skin of its neighbour list, which only dynamics profits from.
All ways say the same, to 1e-4 eV/Angstrom. Rates are of CPU time; the models take turns with a
molecule, so that a busy machine is fair. The exit status is 1 where a ratio is below its target.

    python benchmarks/batched_prediction.py [MODEL ...] [--store core-v1] [--every 8] [--frames 20]
        [--threads 1]
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlip_compose.core.records import PRIMARY, Frames, TrainingSet
from mlip_compose.potentials.base import Potential
from mlip_compose.potentials.registry import get_potential
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store


@dataclass(frozen=True)
class Model:
    """A potential that is predicted with in batches and frame by frame.

    Attributes
    ----------
    make
        Makes the potential from the store.
    calculator
        Makes its ASE calculator, as users do.
    bare
        Makes the calculator of the best case.
    target
        Least ratio of frames a second, batched to one by one.
    """

    make: Callable[[Store], Potential]
    calculator: Callable[[Any], Any]
    bare: Callable[[Any], Any]
    target: float


def from_scratch(kind: str) -> Model:
    """Return a graph-pes model of a kind's default size, after two gradient steps."""

    def make(store: Store) -> Potential:
        names = [name for name, molecule in store.molecules.items() if molecule.parts.chain == 2]
        train, validation = (
            tuple(store.frames(name, PRIMARY, np.array([index])) for name in names)
            for index in (0, 1)
        )
        data = TrainingSet({name: store.molecules[name] for name in names}, train, validation)
        with tempfile.TemporaryDirectory() as workdir:
            settings = get_potential(kind).settings(steps=2)
            return get_potential(kind).fit(data, settings, 0, Path(workdir))

    return Model(
        make,
        lambda potential: potential.model.ase_calculator(),
        lambda potential: potential.model.ase_calculator(skin=0.0),
        target=3.0,
    )


def zero_shot(store: Store) -> Potential:
    """Return ANI-2x as published; the weights have to be there, or are downloaded."""
    kind = get_potential("ani-2x")
    with tempfile.TemporaryDirectory() as workdir:
        return kind.fit(TrainingSet({}, (), ()), kind.settings(), 0, Path(workdir))


MODELS = {kind: from_scratch(kind) for kind in ("mace-small", "schnet-small", "painn-small")} | {
    "ani-2x": Model(
        zero_shot,
        lambda potential: potential.model.ani.ase(),  # torchani's own
        lambda potential: potential.model.ani.ase(),
        target=5.0,
    )
}


def main() -> None:
    """Compare the models that the command line names, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--store", default="core-v1")
    parser.add_argument("--every", type=int, default=8, help="take every n-th molecule")
    parser.add_argument("--frames", type=int, default=20, help="of each of them")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if unknown := set(arguments.models) - set(MODELS):
        parser.error(f"no such model: {', '.join(sorted(unknown))}; one of {', '.join(MODELS)}")
    torch.set_num_threads(arguments.threads)

    store = open_dataset(arguments.store)
    names = list(store.molecules)[:: arguments.every]
    blocks = [evenly(store, name, arguments.frames) for name in names]
    total = sum(map(len, blocks))
    print(
        f"{total} frames of {len(blocks)} molecules of {store.name}, {arguments.threads} thread(s)"
    )
    good = [compare(name, store, blocks) for name in arguments.models or MODELS]
    raise SystemExit(not all(good))


def evenly(store: Store, name: str, most: int) -> Frames:
    """Return at most so many primary frames of a molecule."""
    n = store.n_frames(name, PRIMARY)
    return store.frames(name, PRIMARY, np.unique(np.linspace(0, n - 1, min(n, most)).astype(int)))


def compare(name: str, store: Store, blocks: list[Frames]) -> bool:
    """Print the rates of a model; return whether its target is met."""
    model = MODELS[name]
    potential = model.make(store)
    usual, bare = model.calculator(potential), model.bare(potential)

    def batched(block: Frames) -> Any:
        return potential.predict(store.molecules[block.molecule], block.positions)[1]

    def one_by_one(block: Frames) -> Any:
        forces = []
        for positions in block.positions:
            atoms = Atoms(store.molecules[block.molecule].numbers, positions, calculator=usual)
            atoms.get_potential_energy()
            forces.append(atoms.get_forces())
        return forces

    def one_by_one_best_case(block: Frames) -> Any:
        forces = []
        for positions in block.positions:
            atoms = Atoms(store.molecules[block.molecule].numbers, positions)
            bare.calculate(atoms, ["energy", "forces"])
            forces.append(bare.results["forces"])
        return forces

    spent = spend((batched, one_by_one, one_by_one_best_case), blocks)
    total = sum(map(len, blocks))
    for way, seconds in spent.items():
        ratio, rate = seconds / spent[batched], total / seconds
        print(f"{name:14s} {way.__name__:20s} {rate:6.0f} frames/s, batched is {ratio:.1f} times")
    return spent[one_by_one] >= model.target * spent[batched]


def spend(
    ways: Sequence[Callable[[Frames], Any]], blocks: list[Frames]
) -> dict[Callable[[Frames], Any], float]:
    """Return the CPU time of each way of prediction; the forces of all have to be the same."""
    spent = dict.fromkeys(ways, 0.0)
    for repeat in (False, True):  # once to warm up
        for block in blocks if repeat else blocks[:3]:
            forces = []
            for way in ways:
                start = time.process_time()
                forces.append(np.array(way(block)))
                spent[way] += (time.process_time() - start) * repeat
            for other in forces[1:]:
                np.testing.assert_allclose(other, forces[0], atol=1e-4)
    return spent


if __name__ == "__main__":
    main()
