"""What the engine adds to a unit of work: at most 20 ms on two processes.

10,000 empty units (each returns its number) through the engine that every command uses with ``-j
2``, from the first handed in to the last yielded; the start of the processes is shown and not
counted. The CPU time is that of the client, which holds the scheduler too. Beside it stand

- what Dask itself takes for the same units, all handed in at once (``Client.map``, gathered): the
  engine hands in no more than there are threads, so that a unit waits for its turn;
- the engine with 1,000 threads to serve, 500 in each of two processes.

    python benchmarks/engine_overhead.py [units]
"""

import logging
import sys
import tempfile
import time
from operator import index
from pathlib import Path

from distributed import Client, LocalCluster

from mlip_compose.engine.choice import local_engine, scheduler_engine
from mlip_compose.engine.engine import Engine

BUDGET = 20.0  # ms
UNITS = 10_000
PROCESSES, THREADS = 2, 500


def main() -> None:
    units = int(sys.argv[1]) if len(sys.argv) > 1 else UNITS
    start = time.perf_counter()
    with local_engine(PROCESSES) as engine:
        list(engine.run(index, range(PROCESSES)))
        print(f"{PROCESSES} processes and their first units: {time.perf_counter() - start:.1f} s")
        each, cpu = through(engine, units)
        print(
            f"{units:,} empty units: {each:.2f} ms each (budget: {BUDGET:.0f} ms), {cpu:.2f} ms of"
            " the client's CPU time",
            flush=True,
        )
        start = time.perf_counter()
        client = Client.current()
        client.gather(client.map(index, range(units), pure=False, batch_size=1000))
        dask = 1000 * (time.perf_counter() - start) / units
    print(f"Dask alone, all at once: {dask:.2f} ms each, {each / dask:.1f} times less", flush=True)
    with (
        LocalCluster(
            n_workers=PROCESSES,
            threads_per_worker=THREADS,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        tempfile.TemporaryDirectory() as folder,
        scheduler_engine(cluster.scheduler_address, Path(folder)) as engine,
    ):
        list(engine.run(index, range(PROCESSES)))
        wide, cpu = through(engine, units)
    print(f"{PROCESSES * THREADS:,} threads: {wide:.2f} ms each, {cpu:.2f} ms of CPU time")
    sys.exit(each > BUDGET)


def through(engine: Engine, units: int) -> tuple[float, float]:
    """Return the milliseconds a unit, and those of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    outcomes = list(engine.run(index, range(units)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if sorted(outcomes) != [(number, number) for number in range(units)]:
        sys.exit("units were lost, or done twice")
    return 1000 * wall / units, 1000 * cpu / units


if __name__ == "__main__":
    main()
