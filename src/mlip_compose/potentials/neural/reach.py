"""The number of bonds that a potential with a cutoff sees along a molecule.

The coverage radius of a task counts bonds, and a cutoff is in Angstrom. The all-anti conformer of
an alkyl chain relates them. It is the longest conformer: atoms that are within the cutoff in it are
within the cutoff in every other.
"""

from __future__ import annotations

import math
from typing import Final

from mlip_compose.core.records import ReceptiveField

CC_BOND: Final = 1.53
"""C-C bond of an alkane, Angstrom (propane, 1.526: D. R. Lide, J. Chem. Phys. 33, 1514, 1960)."""

CCC_ANGLE: Final = 112.0
"""C-C-C angle of an alkane, degrees (propane, 112.4: Lide).

With :data:`CC_BOND` a bond advances 1.27 Angstrom along the axis of the chain."""


def anti_distance(bonds: int) -> float:
    """Return the distance of two carbon atoms in an all-anti chain, Angstrom.

    With bond length b and angle a, k bonds advance k b sin(a/2) along the axis. Atoms an odd number
    of bonds apart are on different sides of it, b cos(a/2) from each other.

    Parameters
    ----------
    bonds
        Number of bonds k between the two.
    """
    half = math.radians(CCC_ANGLE) / 2
    along, across = CC_BOND * math.sin(half), CC_BOND * math.cos(half)
    return math.hypot(bonds * along, across if bonds % 2 else 0.0)


def bonds_within(cutoff: float) -> int:
    """Return the largest number of bonds at which carbon atoms are always within ``cutoff``.

    Parameters
    ----------
    cutoff
        Distance, Angstrom.
    """
    bonds = 0
    while anti_distance(bonds + 1) <= cutoff:
        bonds += 1
    return bonds


def message_passing_field(cutoff: float, layers: int) -> ReceptiveField:
    """Return the receptive field of L message-passing layers, each as wide as the cutoff.

    Parameters
    ----------
    cutoff
        Distance up to which atoms exchange messages, Angstrom.
    layers
        Number of layers L. Information travels L times the cutoff.
    """
    bonds = bonds_within(cutoff)
    return ReceptiveField(
        layers * bonds,
        layers * cutoff,
        f"{layers} layer{'' if layers == 1 else 's'} of {cutoff:g} Å; "
        f"carbons {bonds} bonds apart are always within that",
    )
