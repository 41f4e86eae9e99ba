"""End groups X and Y of X-(CH2)n-Y: ten with names of their own, and any other by its SMILES.

A group without a name is called by its SMILES with the attachment point first: ``*Br``, ``*OC``,
``*C=C``, ``*c1ccccc1``. The SMILES is RDKit's canonical one that begins at the attachment point. A
nitro group is written ``N(=O)=O``, as chemists write it, and not with charges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mlip_compose.core.errors import UnknownNameError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


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
    """

    name: str
    family: str
    left: str
    right: str


_GROUPS = (
    EndGroup("H", "alkane", "", ""),
    EndGroup("OH", "alcohol", "O", "O"),
    EndGroup("NH2", "amine", "N", "N"),
    EndGroup("SH", "thiol", "S", "S"),
    EndGroup("F", "fluoride", "F", "F"),
    EndGroup("Cl", "chloride", "Cl", "Cl"),
    EndGroup("CHO", "aldehyde", "O=C", "C=O"),
    EndGroup("COOH", "acid", "OC(=O)", "C(=O)O"),
    EndGroup("CONH2", "amide", "NC(=O)", "C(=O)N"),
    EndGroup("CN", "nitrile", "N#C", "C#N"),
)

END_GROUPS: Final[Mapping[str, EndGroup]] = MappingProxyType({g.name: g for g in _GROUPS})
"""End groups that have names, in canonical order."""

MOST_HEAVY: Final = 10
"""Heavy atoms of the largest end group; what hangs on a larger one is in no series."""

_RANK: Final = {name: rank for rank, name in enumerate(END_GROUPS)}
_NITRO: Final = ("[N+](=O)[O-]", "N(=O)=O")


@dataclass(frozen=True)
class GroupFacts:
    """The atoms of an end group.

    Attributes
    ----------
    heavy, hydrogens
        Numbers of heavy atoms and of hydrogens; H itself is one hydrogen.
    mass
        Sum of the standard atomic weights, u.
    """

    heavy: int
    hydrogens: int
    mass: float


@lru_cache(maxsize=4096)
def group_facts(name: str) -> GroupFacts:
    """Count the atoms of a group, such as ``OH`` or ``*Br``."""
    from rdkit.Chem import AddHs

    atoms = [atom for atom in AddHs(read_group(name)).GetAtoms() if atom.GetAtomicNum()]
    heavy = sum(atom.GetAtomicNum() > 1 for atom in atoms)
    return GroupFacts(heavy, len(atoms) - heavy, sum(atom.GetMass() for atom in atoms))


def group_order(name: str) -> tuple[int, int, str]:
    """Return the place of a group in canonical order, to sort by.

    The ten groups come first, in the order of ``END_GROUPS``; then the others, the one with fewer
    heavy atoms first, and in the order of their SMILES.
    """
    if name in _RANK:
        return 0, _RANK[name], name
    return 1, group_facts(name).heavy, name


def group_smiles(name: str) -> str:
    """Return the SMILES of a group, its attachment point first: ``*O`` for ``OH``."""
    return f"*{END_GROUPS[name].right or '[H]'}" if name in END_GROUPS else name


def name_of_group(group: Mol) -> str:
    """Return the name of a group.

    Parameters
    ----------
    group
        The atoms of the group with a dummy atom at the attachment point.
    """
    smiles = _written(group)
    return _names().get(smiles, smiles)


def read_group(name: str) -> Mol:
    """Return a group as an RDKit molecule with a dummy atom at the attachment point.

    Raises
    ------
    UnknownNameError
        The name is none of the ten, and no SMILES of a group.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        group = Chem.MolFromSmiles(group_smiles(name)) if "*" in name or name in _RANK else None
    if group is None or not _is_group(group):
        raise UnknownNameError(
            "end group (or SMILES of one with its attachment point, such as *Br)", name, END_GROUPS
        )
    return group


def _is_group(group: Any) -> bool:
    """Return whether there is one attachment point, by a single bond, in one fragment."""
    from rdkit.Chem import BondType, GetMolFrags

    bonds = [a.GetBonds() for a in group.GetAtoms() if not a.GetAtomicNum()]
    if len(bonds) != 1 or len(bonds[0]) != 1 or len(GetMolFrags(group)) != 1:
        return False
    return bool(bonds[0][0].GetBondType() == BondType.SINGLE)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """Return the names of the ten groups by their SMILES."""
    return MappingProxyType({_written(read_group(name)): name for name in END_GROUPS})


def _written(group: Any) -> str:
    from rdkit import Chem

    root = next(a.GetIdx() for a in group.GetAtoms() if not a.GetAtomicNum())
    return str(Chem.MolToSmiles(group, rootedAtAtom=root)).replace(*_NITRO)
