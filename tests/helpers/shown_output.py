"""What pages show as printed, and what is printed: line by line, numbers within 2 %."""

import re

import pytest

NUMBER = re.compile(r"(?<![\w-])\d+(?:,\d{3})*(?:\.\d+)?")
TOLERANCE = 0.02
LEFT_OUT = "…"


def agree(shown: str, printed: str) -> bool:
    """Tell whether two lines are the same but for small differences of numbers."""
    if NUMBER.sub("#", shown.rstrip()) != NUMBER.sub("#", printed.rstrip()):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    values = [[float(text.replace(",", "")) for text in pair] for pair in pairs]
    return all(a == pytest.approx(b, rel=TOLERANCE) for a, b in values)


def missing(shown: list[str], printed: list[str]) -> str | None:
    """Return the first shown line that is not where it should be; None where all are."""
    place, anywhere = 0, False
    for line in shown:
        if line == LEFT_OUT:
            anywhere = True
            continue
        left = printed[place:] if anywhere else printed[place : place + 1]
        found = next((n for n, other in enumerate(left) if agree(line, other)), None)
        if found is None:
            return line
        place, anywhere = place + found + 1, False
    return None
