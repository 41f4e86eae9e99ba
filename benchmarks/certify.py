"""Seconds to certify a split of 1,000 molecules X-(CH2)n-Y, n up to 22; budget 5 s."""

import time
from itertools import combinations_with_replacement, islice

from mlip_compose.core.records import Split
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import canonical_parts
from mlip_compose.tasks.certificate import certify

BUDGET = 5.0  # seconds
MOLECULES = 1000
LONGEST = 22


def main() -> None:
    pairs = list(combinations_with_replacement(END_GROUPS, 2))
    longest_first = (canonical_parts(x, n, y) for n in range(LONGEST, 0, -1) for x, y in pairs)
    molecules = [assemble(parts) for parts in islice(longest_first, MOLECULES)]
    split = Split(
        task="benchmark",
        level=1,
        train=tuple(m.name for m in molecules if m.parts.chain <= LONGEST // 2),
        ood=tuple(m.name for m in molecules if m.parts.chain > LONGEST // 2),
    )
    wall, cpu = time.perf_counter(), time.process_time()
    certificate = certify(split, molecules)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    atoms = certificate.sizes.train_atoms + certificate.sizes.ood_atoms
    verdict = "within" if wall <= BUDGET else "OVER"
    print(
        f"certify {len(molecules)} molecules, {atoms} atoms: {wall:.2f} s ({cpu:.2f} s CPU), "
        f"{verdict} the budget of {BUDGET:.0f} s"
    )


if __name__ == "__main__":
    main()
