"""Many cases of one reader by hand: ``python campaign.py MODULE READER COUNT [FIRST SEED]``.

Prints how many cases came to which verdict, and one case of each different offence.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from pen import BENIGN, Pen, offences


def main():
    module, name, count = Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    pen = Pen()
    verdicts = []
    for start in range(first, first + count, 50):
        verdicts += pen.run(module, name, range(start, min(start + 50, first + count)))
        print(name, len(verdicts), offences(verdicts[-50:])[:3], flush=True)
    pen.close()
    print(name, dict(Counter(verdict.kind for verdict in verdicts)))
    told = Counter()
    for verdict in verdicts:
        if verdict.kind not in BENIGN:
            lines = verdict.text.strip().splitlines()
            place = next((line for line in reversed(lines) if "File " in line), "")
            key = (verdict.kind, place, re.sub(r"[0-9'\"].*", "", lines[-1] if lines else ""))
            told[key] += 1
            if told[key] == 1:
                print(f"--- seed {verdict.seed}: {verdict.kind}\n{verdict.text}")
    for key, number in told.most_common():
        print(number, *key)


if __name__ == "__main__":
    main()
