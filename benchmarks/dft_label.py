"""CPU seconds of one label at PBE-D3(BJ)/def2-TZVP, by molecule: what docs/scaling.md is made from.

The first primary frame of `core-v1` of each molecule, from a cold start and on one thread, as `data
relabel` does it. Nothing here has a budget: the time is PySCF's.

    python benchmarks/dft_label.py [reference [molecule ...]]
"""

import sys
import time

from mlip_compose.references.registry import get_reference
from mlip_compose.store.catalogue import open_dataset

REFERENCE = "pbe-d3bj/def2-tzvp"
MOLECULES = ("OH-1-H", "OH-2-H", "OH-3-H", "OH-4-H")


def main() -> None:
    reference = get_reference(sys.argv[1] if len(sys.argv) > 1 else REFERENCE, {})
    store = open_dataset("core-v1")
    for name in sys.argv[2:] or MOLECULES:
        molecule, frames = store.molecules[name], store.frames(name, "primary")
        wall, cpu = time.perf_counter(), time.process_time()
        reference.label(molecule.numbers, frames.positions[0].astype(float))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{name:10s} {molecule.n_atoms:3d} atoms: {cpu:.3g} s of CPU time, {wall:.3g} s")


if __name__ == "__main__":
    main()
