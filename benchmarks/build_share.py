"""Share of the CPU time of `data build` that is spent in the reference: at least 90 %.

Each process of a build does molecules one after the other and shares nothing with the others, so
the share of one process is that of any number. Measured on every fourth molecule of each series of
`mini-v1`, from the conformers to the file; weighted by time, as in a build.

    python benchmarks/build_share.py [molecule ...]
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # as in a build

import sys
import tempfile
import time
from pathlib import Path

from tblite.interface import Calculator

from mlip_compose.datasets.build import Job, make_part
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name

BUDGET = 0.90
SAMPLE = ("OH-2-H", "OH-6-H", "OH-10-H", "H-4-H", "CN-8-H", "COOH-12-H", "NH2-2-SH", "F-6-CHO")


def main() -> None:
    spent = 0.0
    honest = Calculator.singlepoint

    def timed(self, *args, **kwargs):
        nonlocal spent
        start = time.process_time()
        try:
            return honest(self, *args, **kwargs)
        finally:
            spent += time.process_time() - start

    Calculator.singlepoint = timed
    recipe = load_recipe("mini-v1")
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or SAMPLE:
            before, spent_before = time.process_time(), spent
            failure = make_part(
                Job(assemble(parse_name(name)), recipe, Path(folder) / f"{name}.h5")
            )
            if failure is not None:
                sys.exit(str(failure))
            cpu = time.process_time() - before
            total += cpu
            share = (spent - spent_before) / cpu
            print(f"{name:12s} {cpu:6.1f} s CPU, {100 * share:5.1f} % in the reference", flush=True)
    share = spent / total
    print(f"all          {total:6.1f} s CPU, {100 * share:5.1f} % (budget: {100 * BUDGET:.0f} %)")
    sys.exit(share < BUDGET)


if __name__ == "__main__":
    main()
