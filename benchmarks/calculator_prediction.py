"""What an ASE calculator takes beside the embedded reference, in CPU time: at most 1.3 times.

The frames of the task ``length`` at level 2 are predicted with GFN1-xTB through tblite's own ASE
calculator, as ``predict --calculator tblite.ase:TBLite --set method=GFN1-xTB --set verbosity=0``
does in a worker process, and labelled with the embedded GFN2-xTB reference. Both take turns with
each molecule, so that a busy machine is fair. Two further lines say where the time goes: GFN1-xTB
asked of tblite directly, each frame from a cold start, and with the threads that tblite takes when
nobody limits them.

    python benchmarks/calculator_prediction.py [--store mini-v1] [--frames 8]
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from mlip_compose.core.evaluating import as_atoms
from mlip_compose.core.host import one_thread
from mlip_compose.core.records import Frames, Molecule
from mlip_compose.core.scratch import unit_of_work
from mlip_compose.core.units import BOHR
from mlip_compose.potentials.calculator import CalculatorSettings, make
from mlip_compose.references.gfn2 import LIBRARY, Gfn2Xtb
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.tasks.rules import get_task

MOST = 1.3
FUNCTION = "tblite.ase:TBLite"
ARGUMENTS = {"method": "GFN1-xTB", "verbosity": 0}

Way = Callable[[Molecule, Frames], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default="mini-v1")
    parser.add_argument("--frames", type=int, default=8, help="of each trajectory, at most")
    arguments = parser.parse_args()
    store = open_dataset(arguments.store)
    split = get_task("length").split(store.molecules.values(), 2)
    names = (*split.train, *split.ood)
    blocks = [store.frames(name, "primary", np.arange(arguments.frames)) for name in names]
    total = sum(map(len, blocks))
    spent = dict.fromkeys((embedded, predicted(), directly, with_all_threads()), 0.0)
    for way in spent:  # loads libraries
        way(store.molecules[names[0]], blocks[0])
    with unit_of_work():
        for name, frames in zip(names, blocks, strict=True):
            for way in spent:
                start = time.process_time()
                way(store.molecules[name], frames)
                spent[way] += time.process_time() - start
    base = spent[embedded]
    print(f"{total} frames of {len(names)} molecules of {store.name}, CPU time")
    for way, seconds in spent.items():
        print(f"{way.__doc__:55s} {1000 * seconds / total:6.2f} ms a frame, {seconds / base:.2f}")
    _, ratio, *_ = (seconds / base for seconds in spent.values())
    print(f"predicted, to embedded: {ratio:.2f} (budget: {MOST})")
    raise SystemExit(ratio > MOST)


def embedded(molecule: Molecule, frames: Frames) -> None:
    """GFN2-xTB, the embedded reference."""
    reference = Gfn2Xtb()
    for positions in frames.positions:
        reference.label(molecule.numbers, positions)


def predicted() -> Way:
    potential = make(CalculatorSettings(function=FUNCTION, arguments=ARGUMENTS))

    def predict(molecule: Molecule, frames: Frames) -> None:
        """GFN1-xTB through ASE, as predict --calculator."""
        energies, _ = potential.predict(molecule, frames.positions)
        assert np.isfinite(energies).all()

    return predict


def directly(molecule: Molecule, frames: Frames) -> None:
    """GFN1-xTB directly, each frame from a cold start."""
    from tblite.interface import Calculator

    with one_thread(LIBRARY):
        for positions in frames.positions:
            calculator = Calculator(
                "GFN1-xTB", molecule.numbers.astype(np.int32), positions.astype(float) / BOHR
            )
            calculator.set("verbosity", 0)
            result = calculator.singlepoint()
            _ = result["energy"], result["gradient"]


def with_all_threads() -> Way:
    from tblite.ase import TBLite

    calculator = TBLite(**ARGUMENTS)
    libraries = ThreadpoolController()

    def ask(molecule: Molecule, frames: Frames) -> None:
        """GFN1-xTB through ASE, threads not limited."""
        with libraries.limit(limits=None):
            for positions in frames.positions:
                calculator.get_forces(as_atoms(molecule.numbers, positions, 0, 1))

    return ask


if __name__ == "__main__":
    main()
