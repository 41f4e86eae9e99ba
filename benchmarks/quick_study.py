"""Wall time of the study `quick` after installation: at most 6 minutes on two cores.

Run it with ``python benchmarks/quick_study.py``.
"""

import subprocess
import sys
import tempfile
import time

BUDGET = 360.0  # s


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mlip_compose", "run", "quick", "--out", folder]
        start = time.perf_counter()
        subprocess.run([*command, "--processes", "2"], check=True)
        wall = time.perf_counter() - start
    print(f"quick: {wall:.0f} s on two processes (budget: {BUDGET:.0f} s)")
    sys.exit(wall > BUDGET)


if __name__ == "__main__":
    main()
