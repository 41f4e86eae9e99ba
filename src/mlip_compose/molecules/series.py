"""Series X-(CH2)n-Y: how any molecule is read as one, and how one is named and built.

The chain of a molecule is its longest run of CH2: carbons in no ring, with four single bonds, two
of them or more to hydrogen. CH3 is a CH2 whose other end is the group H. What hangs on the two ends
of the run are the groups X and Y. Of several longest runs that one counts whose X, then Y, comes
first in the order of groups (``groups.group_order``). So a molecule has one reading, or none, and
it does not depend on how the atoms are numbered.

Diethyl ether, for instance, has two runs of two carbons with the same groups: ``*OCC-2-H``. Methyl
propyl ether is ``*OC-3-H``. Cyclohexane is in no series: its carbons are in a ring.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mlip_compose.core.errors import NotOfThisKindError, UnknownNameError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.groups import (
    END_GROUPS,
    MOST_HEAVY,
    group_order,
    name_of_group,
    read_group,
)

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_CHAIN: Final = 80
"""Longest chain of a name: with any two of the ten groups, fewer than 256 atoms."""


class Reading(NamedTuple):
    """A molecule as X-(CH2)n-Y: its parts, and the indices of the atoms of its chain."""

    parts: Parts
    chain: tuple[int, ...]


def series_of(molecule: Mol) -> Reading | None:
    """Read a molecule as X-(CH2)n-Y.

    Parameters
    ----------
    molecule
        A sanitized RDKit molecule, its hydrogens implied.

    Returns
    -------
    Reading or None
        X, n and Y in canonical order, and the carbons of the chain. None for a molecule without a
        CH2 or CH3, and for one with a group of more than ``MOST_HEAVY`` heavy atoms.
    """
    runs = list(_runs(molecule))
    longest = max(map(len, runs), default=0)
    readings = [
        Reading(in_order(*ends, longest), tuple(run))
        for run in runs
        if len(run) == longest and (ends := _ends(molecule, run)) is not None
    ]
    return min(readings, key=lambda reading: _ends_order(reading.parts), default=None)


def _ends_order(parts: Parts) -> tuple[tuple[int, int, str], ...]:
    return group_order(parts.left), group_order(parts.right)


def in_order(left: str, right: str, chain: int) -> Parts:
    """Put the groups of a molecule in canonical order: H on the right, else by ``group_order``."""
    if left == "H" or (right != "H" and group_order(right) < group_order(left)):
        left, right = right, left
    return Parts(left, chain, right)


def series_order(
    parts: Parts,
) -> tuple[bool, tuple[int, int, str], tuple[int, int, str], int]:
    """Return the place of a molecule among those of all series, to sort by.

    Mono-functional molecules come first, family by family, each by chain length; then those with
    two groups, pair by pair.
    """
    return parts.right != "H", group_order(parts.left), group_order(parts.right), parts.chain


def canonical_parts(left: str, chain: int, right: str) -> Parts:
    """Put the parts of a molecule in canonical order.

    Parameters
    ----------
    left, right
        End groups, in either order: names such as ``OH``, or SMILES such as ``*Br``.
    chain
        Number of CH2 carbons between them, 1 to 80.

    Returns
    -------
    Parts
        The reading of the molecule: the same for (X, n, Y) and (Y, n, X), and ``*Br``, 3, ``H`` for
        ``*CBr``, 2, ``H``.

    Raises
    ------
    UnknownNameError
        No end group has this name.
    NotOfThisKindError
        The chain is no whole number from 1 to 80, or a group is too large.
    """
    for name in (left, right):
        if name not in END_GROUPS and "*" not in str(name):
            raise UnknownNameError("end group", str(name), END_GROUPS)
    try:
        length = 0 if isinstance(chain, bool) else operator.index(chain)
    except TypeError:
        length = 0
    if not 1 <= length <= MAX_CHAIN:
        raise NotOfThisKindError(
            f"X-(CH2)n-Y with n a whole number from 1 to {MAX_CHAIN}",
            f"n = {chain!r}",
            "Carbons inside an end group do not count in n" if length == 0 else "",
        )
    if left in END_GROUPS and right in END_GROUPS:
        return in_order(left, right, length)
    return _read_again(left, length, right)


@lru_cache(maxsize=4096)
def _read_again(left: str, chain: int, right: str) -> Parts:
    """Return the reading of the molecule that groups of any SMILES and a chain make."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    groups = [
        name if name in END_GROUPS else name_of_group(read_group(name)) for name in (left, right)
    ]
    with BlockLogs():
        molecule = Chem.MolFromSmiles(written_smiles(Parts(groups[0], chain, groups[1])))
    reading = None if molecule is None else series_of(molecule)
    if reading is None:
        raise NotOfThisKindError(
            f"X-(CH2)n-Y with groups of at most {MOST_HEAVY} heavy atoms", f"{left}-{chain}-{right}"
        )
    return reading.parts


def parse_name(name: str) -> Parts:
    """Read a molecule's name, such as ``OH-4-H`` or ``*Br-4-H``; ends may be in either order.

    Raises
    ------
    UnknownNameError
        No end group has this name.
    NotOfThisKindError
        The name is not of the form X-n-Y, or n is out of range.
    """
    parts = Parts.spelled(name)
    if parts is None:
        raise NotOfThisKindError("a name X-n-Y such as OH-4-H", f"{name!r}")
    return canonical_parts(*parts)


def written_smiles(parts: Parts) -> str:
    """Return SMILES from the left end to the right end, not canonical: ``OCCCC`` for OH-4-H."""
    left, chain, right = parts
    if left in END_GROUPS:
        return END_GROUPS[left].left + "C" * chain + _written(right)
    # A group that is written from its attachment point is a branch of the first carbon.
    return f"C({_written(left)})" + "C" * (chain - 1) + _written(right)


def _written(group: str) -> str:
    return END_GROUPS[group].right if group in END_GROUPS else group.removeprefix("*")


def _runs(molecule: Any) -> Iterator[list[int]]:
    """Yield the runs of CH2 of a molecule, each from one end to the other."""
    open_atoms = {atom.GetIdx() for atom in molecule.GetAtoms() if _is_methylene(atom)}
    neighbours = {
        i: [n.GetIdx() for n in molecule.GetAtomWithIdx(i).GetNeighbors()] for i in open_atoms
    }
    for start in sorted(open_atoms):
        inner = [j for j in neighbours[start] if j in neighbours]
        if start not in open_atoms or len(inner) > 1:
            continue  # in the middle of a run, which begins at one of its ends
        run = [start]
        open_atoms.discard(start)
        while onward := [j for j in neighbours[run[-1]] if j in open_atoms]:
            run.append(onward[0])
            open_atoms.discard(onward[0])
        yield run


def _is_methylene(atom: Any) -> bool:
    return bool(
        atom.GetAtomicNum() == 6
        and not atom.IsInRing()
        and not atom.GetFormalCharge()
        and not atom.GetNumRadicalElectrons()
        and atom.GetTotalNumHs(includeNeighbors=True) >= 2
        and atom.GetTotalDegree() == 4
    )


def _ends(molecule: Any, run: list[int]) -> tuple[str, str] | None:
    """Return the names of the groups at the two ends of a run; None where one is too large."""
    from rdkit import Chem

    bonds = [
        molecule.GetBondBetweenAtoms(i, n.GetIdx()).GetIdx()
        for i in dict.fromkeys((run[0], run[-1]))
        for n in molecule.GetAtomWithIdx(i).GetNeighbors()
        if n.GetIdx() not in run
    ]
    if not bonds:
        return "H", "H"
    cut = Chem.FragmentOnBonds(molecule, bonds, dummyLabels=[(0, 0)] * len(bonds))
    pieces = Chem.GetMolFrags(cut)
    groups = [
        group
        for group, atoms in zip(Chem.GetMolFrags(cut, asMols=True), pieces, strict=True)
        if run[0] not in atoms
    ]
    # Before names are made, which is dear: most groups of drug-like molecules are too large.
    if any(group.GetNumHeavyAtoms() > MOST_HEAVY for group in groups):
        return None
    names = [name_of_group(group) for group in groups]
    return names[0], names[1] if len(names) > 1 else "H"


METHANE = Parts("H", 1, "H")
"""The grammar makes methane, the series leave it out: the alkanes of GMD-26 begin at ethane."""


def monofunctional(chains: Iterable[int] = range(1, 13)) -> tuple[Parts, ...]:
    """Return X-(CH2)n-H for each of the ten groups X (alkanes included) and n, without methane.

    Parameters
    ----------
    chains
        Chain lengths n; by default 1 to 12, which makes 119 molecules.
    """
    lengths = tuple(chains)
    every = (canonical_parts(x, n, "H") for x in END_GROUPS for n in lengths)
    return tuple(parts for parts in every if parts != METHANE)


def bifunctional(chains: Iterable[int] = (2, 4, 6)) -> tuple[Parts, ...]:
    """Return X-(CH2)n-Y for every pair of the ten groups but H, equal ones too, and every n.

    Parameters
    ----------
    chains
        Chain lengths n; by default 2, 4 and 6, which makes 45 pairs x 3 = 135 molecules.
    """
    lengths = tuple(chains)
    pairs = combinations_with_replacement([x for x in END_GROUPS if x != "H"], 2)
    return tuple(canonical_parts(x, n, y) for x, y in pairs for n in lengths)
