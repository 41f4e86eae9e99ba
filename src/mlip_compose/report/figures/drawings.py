"""Structures as two-dimensional drawings by RDKit, reduced to what takes the page's own colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rdkit.Chem import Mol, RWMol

BOND: Final = 26.0
"""Length of a bond in all drawings, pixels."""

_PATH: Final = re.compile(r"<path (?:class='[^']*' )?d='([^']*)'")
_TEXT: Final = re.compile(
    r"<text x='([^']*)' y='([^']*)'[^>]*?font-size:(\d+)px[^>]*>(?:<tspan>)?([^<]+)"
)
_SIZE: Final = re.compile(r"viewBox='0 0 (\d+) (\d+)'")

Letter = tuple[float, float, int, str]
"""Left end, base line, font size, and the letter."""


@dataclass(frozen=True)
class Drawing:
    """A structure in lines and letters, pixels; colours are left to whoever shows it.

    Attributes
    ----------
    width, height
        Of the whole.
    path
        All bonds, as one SVG path.
    letters
        Of the atoms other than carbon.
    atoms
        Where each atom is that the drawing shows: its index among those that were given, x and y.
    """

    width: int
    height: int
    path: str
    letters: tuple[Letter, ...]
    atoms: tuple[tuple[int, float, float], ...]


def draw_molecule(
    numbers: Sequence[int], bonds: Sequence[tuple[int, int, int]], charges: Sequence[int] = ()
) -> Drawing:
    """Draw a molecule in skeletal form; hydrogens stand with the atoms that bear them.

    Parameters
    ----------
    numbers
        Atomic numbers, hydrogens included.
    bonds
        As (atom, atom, order), order 1, 2 or 3.
    charges
        Formal charge of each atom; empty where there are none.
    """
    from rdkit import Chem

    molecule = _molecule(numbers, bonds)
    for atom, charge in enumerate(charges):
        molecule.GetAtomWithIdx(atom).SetFormalCharge(charge)
    Chem.SanitizeMol(molecule)
    return _drawn(Chem.RemoveHs(molecule))


@cache
def draw_fragment(smiles: str) -> tuple[Drawing, int | None]:
    """Draw a fragment of a molecule with all its atoms, and say which of them has map number 1.

    Parameters
    ----------
    smiles
        As ``tasks.fragments.rooted_smiles`` writes it: hydrogens stand in it, atoms at the rim lack
        neighbours.

    Raises
    ------
    ValueError
        It cannot be read.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        read = Chem.MolFromSmiles(smiles, sanitize=False)
    if read is None or not read.GetNumAtoms():
        raise ValueError(f"no structure can be read from {smiles!r}")
    root = next((a.GetIdx() for a in read.GetAtoms() if a.GetAtomMapNum() == 1), None)
    for atom in read.GetAtoms():
        atom.SetAtomMapNum(0)
        atom.SetNoImplicit(True)
        atom.SetIntProp("at", atom.GetIdx())
    read.UpdatePropertyCache(strict=False)
    return _drawn(read), root


def formula_of(numbers: Sequence[int]) -> str:
    """Return the formula in Hill's order, with subscripts: ``C₄H₁₀O``."""
    from rdkit.Chem import GetPeriodicTable

    symbols = [GetPeriodicTable().GetElementSymbol(number) for number in numbers]
    first = ("C", "H") if "C" in symbols else ()
    order = [*first, *sorted(set(symbols) - set(first))]
    subscripts = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    parts = [(symbol, symbols.count(symbol)) for symbol in order if symbol in symbols]
    return "".join(s + (str(n).translate(subscripts) if n > 1 else "") for s, n in parts)


def _molecule(numbers: Sequence[int], bonds: Sequence[tuple[int, int, int]]) -> RWMol:
    from rdkit import Chem

    orders = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    molecule = Chem.RWMol()
    for index, number in enumerate(numbers):
        atom = Chem.Atom(int(number))
        atom.SetIntProp("at", index)
        molecule.AddAtom(atom)
    for a, b, order in bonds:
        molecule.AddBond(a, b, orders[order])
    return molecule


def _drawn(molecule: Mol) -> Drawing:
    from rdkit.Chem.Draw import rdMolDraw2D
    from rdkit.Chem.rdDepictor import Compute2DCoords

    Compute2DCoords(molecule)
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)
    options: Any = drawer.drawOptions()
    options.prepareMolsBeforeDrawing = False
    options.scalingFactor = BOND / 1.5
    options.fixedBondLength = BOND
    options.fixedFontSize = 13
    options.padding = 0.04
    options.explicitMethyl = True
    drawer.DrawMolecule(molecule)
    drawer.FinishDrawing()
    svg = drawer.GetDrawingText()
    size = _SIZE.search(svg)
    width, height = (int(side) for side in size.groups()) if size else (0, 0)
    places = [
        (atom.GetIntProp("at"), drawer.GetDrawCoords(atom.GetIdx())) for atom in molecule.GetAtoms()
    ]
    return Drawing(
        width=width,
        height=height,
        path=" ".join(_PATH.findall(svg)).replace(" L ", "L").replace("M ", "M"),
        letters=tuple(
            (float(x), float(y), int(points), text) for x, y, points, text in _TEXT.findall(svg)
        ),
        atoms=tuple((at, round(place.x, 1), round(place.y, 1)) for at, place in places),
    )
