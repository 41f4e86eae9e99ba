"""The named series of molecules that tasks and data sets are made of."""

from collections.abc import Iterable
from functools import cache
from itertools import combinations_with_replacement

from mlip_compose.core.records import Molecule, Parts
from mlip_compose.molecules.assembly import assemble, canonical_parts
from mlip_compose.molecules.groups import END_GROUPS

METHANE = Parts("H", 1, "H")
"""Made by the grammar, left out of the series: the alkanes of GMD-26 begin at ethane."""


def monofunctional(chains: Iterable[int] = range(1, 13)) -> tuple[Parts, ...]:
    """X-(CH2)n-H for every end group X (alkanes included) and every n, without methane.

    Parameters
    ----------
    chains
        The n to take; by default 1 to 12, which makes 119 molecules.
    """
    lengths = tuple(chains)
    every = (canonical_parts(x, n, "H") for x in END_GROUPS for n in lengths)
    return tuple(parts for parts in every if parts != METHANE)


def bifunctional(chains: Iterable[int] = (2, 4, 6)) -> tuple[Parts, ...]:
    """X-(CH2)n-Y for every pair of end groups other than H (two equal ones included) and every n.

    Parameters
    ----------
    chains
        The n to take; by default 2, 4 and 6, which makes 45 pairs x 3 = 135 molecules.
    """
    lengths = tuple(chains)
    pairs = combinations_with_replacement([x for x in END_GROUPS if x != "H"], 2)
    return tuple(canonical_parts(x, n, y) for x, y in pairs for n in lengths)


@cache
def full() -> tuple[Molecule, ...]:
    """All 254 molecules: the mono-functional series, then the bifunctional one."""
    return tuple(assemble(parts) for parts in (*monofunctional(), *bifunctional()))
