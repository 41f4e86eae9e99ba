"""Memory of the client in the number of units: 100,000 units in less than 1 GB.

The client is the process that hands the units to the engine: ``mlip-compose run`` or ``data build``
itself. A unit is what a build hands in for a molecule of `core-v1`, each with a path of its own;
the work gives its name back. Each number of units is done in a process of its own, on two workers.
Shown are the peak of the client's memory, which holds the scheduler too, how much of it was there
before the first unit, and the time a unit.

    python benchmarks/client_memory.py [units ...]
"""

import json
import resource
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from mlip_compose.datasets.build import Job
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.engine.choice import local_engine

BUDGET = 1.0  # GB
UNITS = (1_000, 10_000, 100_000)
PROCESSES = 2


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measured(int(sys.argv[2]))))
        return
    peaks = []
    for units in map(int, sys.argv[1:] or UNITS):
        command = [sys.executable, __file__, "--measure", str(units)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        peaks.append(found["peak"])
        print(
            f"{units:7,} units: {found['peak']:.3f} GB at most, {found['before']:.3f} of it before"
            f" the first; {1000 * found['seconds'] / units:.1f} ms a unit,"
            f" {1000 * found['cpu'] / units:.1f} ms of the client's CPU time",
            flush=True,
        )
    print(f"largest peak {max(peaks):.3f} GB (budget: {BUDGET:.0f} GB)")
    sys.exit(max(peaks) > BUDGET)


def measured(units: int) -> dict[str, float]:
    recipe = load_recipe("core-v1")
    molecules = recipe.selected()
    with local_engine(PROCESSES) as engine:
        first = [Job(molecule, recipe, Path("first")) for molecule in molecules[:PROCESSES]]
        list(engine.run(str, first))
        before = peak()
        jobs = [
            Job(molecule, recipe, Path(f"core-v1.h5.parts/{number}.h5"))
            for number, molecule in enumerate(islice(cycle(molecules), units))
        ]
        start, cpu = time.perf_counter(), time.process_time()
        ended = sum(1 for job, name in engine.run(str, jobs) if name == job.molecule.name)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    if ended != units:
        sys.exit(f"{units - ended} units were lost")
    return {"before": before, "peak": peak(), "seconds": seconds, "cpu": cpu}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
