"""The ten end groups X and Y of X-(CH2)n-Y."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class EndGroup:
    """A group at an end of the chain.

    Attributes
    ----------
    name
        Name, such as ``OH``.
    family
        Name of the molecules H-(CH2)n-X, such as ``alcohol``.
    left, right
        SMILES of the group written before and after the chain; hydrogens are implied.
    branch
        The group as a tree seen from the chain, such as ``-O(-H)``: bond order (``-``, ``=``,
        ``#``) and element of each atom, its own branches in parentheses, sorted.
    """

    name: str
    family: str
    left: str
    right: str
    branch: str


_GROUPS = (
    EndGroup("H", "alkane", "", "", "-H"),
    EndGroup("OH", "alcohol", "O", "O", "-O(-H)"),
    EndGroup("NH2", "amine", "N", "N", "-N(-H)(-H)"),
    EndGroup("SH", "thiol", "S", "S", "-S(-H)"),
    EndGroup("F", "fluoride", "F", "F", "-F"),
    EndGroup("Cl", "chloride", "Cl", "Cl", "-Cl"),
    EndGroup("CHO", "aldehyde", "O=C", "C=O", "-C(-H)(=O)"),
    EndGroup("COOH", "acid", "OC(=O)", "C(=O)O", "-C(-O(-H))(=O)"),
    EndGroup("CONH2", "amide", "NC(=O)", "C(=O)N", "-C(-N(-H)(-H))(=O)"),
    EndGroup("CN", "nitrile", "N#C", "C#N", "-C(#N)"),
)

END_GROUPS: Final[Mapping[str, EndGroup]] = MappingProxyType({g.name: g for g in _GROUPS})
"""End groups by name, in canonical order: the earlier of two is on the left, but H on the right."""
