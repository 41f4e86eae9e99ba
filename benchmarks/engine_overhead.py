"""What the engine adds to a unit of work: at most 20 ms on two processes.

10,000 empty units (each returns its number) through the engine that every command uses with ``-j
2``, from the first handed in to the last yielded; the start of the processes is shown and not
counted. Beside it stands what Dask itself takes for the same units, all handed in at once
(``Client.map``, results gathered): the engine hands in no more than there are threads, so that
a unit waits for its turn with the client.

    python benchmarks/engine_overhead.py [units]
"""

import sys
import time
from operator import index

from mlip_compose.studies.engine.places import local

BUDGET = 20.0  # ms
UNITS = 10_000
PROCESSES = 2


def main() -> None:
    units = int(sys.argv[1]) if len(sys.argv) > 1 else UNITS
    with local(PROCESSES) as engine:
        start = time.perf_counter()
        list(engine.run(index, [0]))
        started = time.perf_counter()
        outcomes = list(engine.run(index, range(units)))
        ended = time.perf_counter()
        if sorted(outcomes) != [(number, number) for number in range(units)]:
            sys.exit("units were lost, or done twice")
        client = engine._connected()
        client.gather(client.map(index, range(units), pure=False, batch_size=1000))
        dask = time.perf_counter() - ended
    each = 1000 * (ended - started) / units
    print(f"{PROCESSES} processes and the first unit: {started - start:.1f} s")
    print(f"{units:,} empty units: {each:.2f} ms each (budget: {BUDGET:.0f} ms)")
    print(
        f"Dask alone, all at once: {1000 * dask / units:.2f} ms each, {each * units / dask / 1000:.1f} times less"
    )
    sys.exit(each > BUDGET)


if __name__ == "__main__":
    main()
