"""A program as those of the field: it reads and writes files of fixed names, and takes its time.

    python pair_program.py [STRENGTH.json]

Energy sum of strength / r over pairs. It fails where the first atom is beyond ``LIMIT`` along x.
"""

import json
import os
import random
import sys
import time
from itertools import combinations
from pathlib import Path

LONGEST = 0.02  # s


def main():
    strength = json.loads(Path(sys.argv[1]).read_text()) if sys.argv[1:] else 1.0
    time.sleep(random.uniform(0.0, LONGEST))
    atoms = Path("geometry.xyz").read_text().splitlines()[2:]
    positions = [[float(number) for number in line.split()[1:]] for line in atoms]
    if positions[0][0] > float(os.environ.get("LIMIT", "inf")):
        sys.exit("no convergence")
    energy, forces = 0.0, [[0.0, 0.0, 0.0] for _ in positions]
    for (first, a), (second, b) in combinations(enumerate(positions), 2):
        arm = [p - q for p, q in zip(a, b, strict=True)]
        distance = sum(part**2 for part in arm) ** 0.5
        energy += strength / distance
        for axis, part in enumerate(arm):
            pull = strength * part / distance**3
            forces[first][axis] += pull
            forces[second][axis] -= pull
    Path("work.tmp").write_text(json.dumps({"energy": energy, "forces": forces}))
    time.sleep(random.uniform(0.0, LONGEST))
    Path("result.json").write_text(Path("work.tmp").read_text())


main()
