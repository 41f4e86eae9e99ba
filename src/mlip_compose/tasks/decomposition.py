"""Decompositions: a molecule as a sum of training molecules that are cut out of it.

Two pieces A and B of a molecule that overlap in C and together are the whole give its energy by
inclusion and exclusion, E(A) + E(B) - E(C), each capped with hydrogen. B and C have to be training
molecules; A is one, or is decomposed further. The chain of `length` comes apart into windows this
way, and a molecule with two end groups into those with one.

A hydride of one heavy atom, such as methane, may be a piece, too, though no task trains on it: two
windows of two carbons share one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Final

from mlip_compose.core.records import Molecule
from mlip_compose.molecules.cutting import capped, cuttable_bonds

MOST_PIECES: Final = 20_000
"""Pieces of a molecule that are looked at; a molecule of 12 carbons in a chain has some 100."""

Piece = frozenset[int]
"""The indices of the atoms of a piece."""
_Bond = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """A piece with its coefficient in a sum.

    Attributes
    ----------
    atoms
        Indices of its atoms in the whole molecule, in rising order.
    caps
        Bonds that were cut: the atom of the piece, and the atom in whose place a hydrogen stands.
    coefficient
        How often its energy and its forces count, such as 1 or -1.
    smiles
        The piece with its caps, a training molecule.
    """

    atoms: tuple[int, ...]
    caps: tuple[_Bond, ...]
    coefficient: int
    smiles: str


@dataclass(frozen=True)
class Decomposition:
    """A molecule as a sum of training molecules.

    Attributes
    ----------
    terms
        The pieces; their coefficients sum to 1.
    overlap
        Number of heavy atoms of the smallest overlap of two pieces; of the whole molecule where
        that is a training molecule.
    """

    terms: tuple[Term, ...]
    overlap: int


def decompose(molecule: Molecule, training: Iterable[Molecule]) -> Decomposition | None:
    """Write a molecule as a sum of training molecules that are cut out of it.

    Of all such sums the one is taken whose smallest overlap has the most heavy atoms, since the
    parts of a molecule disturb each other less the farther apart they are; of several, the one of
    the fewest pieces.

    Parameters
    ----------
    molecule
        The molecule.
    training
        The molecules that may be pieces, recognised by their SMILES.

    Returns
    -------
    Decomposition or None
        None where there is none: a training molecule is larger than what has to be made of it, or a
        group occurs in none.
    """
    return _Search(molecule, {known.smiles for known in training}).best()


@dataclass(frozen=True)
class _Sum:
    """A sum of pieces, with its smallest overlap in heavy atoms."""

    coefficients: tuple[tuple[Piece, int], ...]
    overlap: int

    @property
    def rank(self) -> tuple[int, int]:
        """Larger for the better one of two sums."""
        return self.overlap, -len(self.coefficients)


class _Search:
    """The search for the best sum; what is known of a piece is remembered.

    Parameters
    ----------
    molecule
        The molecule.
    known
        SMILES of the training molecules.
    """

    def __init__(self, molecule: Molecule, known: Set[str]) -> None:
        self._molecule, self._known = molecule, known
        self._bonded = [[j for j, _ in row] for row in molecule.neighbours]
        bonds = sorted(cuttable_bonds(molecule))
        self._cuts = (*bonds, *((j, i) for i, j in bonds))
        self._smiles: dict[Piece, str] = {}
        self._sums: dict[Piece, _Sum | None] = {}

    def best(self) -> Decomposition | None:
        """Return the best sum for the whole molecule."""
        found = self._sum_of(frozenset(range(self._molecule.n_atoms)))
        if found is None:
            return None
        terms = (self._term(piece, count) for piece, count in found.coefficients)
        return Decomposition(tuple(sorted(terms, key=lambda term: term.atoms)), found.overlap)

    def _sum_of(self, piece: Piece) -> _Sum | None:
        if piece in self._sums:
            return self._sums[piece]
        if self._is_known(piece):
            self._sums[piece] = _Sum(((piece, 1),), self._n_heavy(piece))
            return self._sums[piece]
        best: _Sum | None = None
        self._sums[piece] = None
        if len(self._sums) <= MOST_PIECES:
            for first, second in self._pairs(piece):
                found = self._sum_of(first)
                overlap = first & second
                if found is None or (best and self._n_heavy(overlap) < best.overlap):
                    continue
                count = Counter(dict(found.coefficients))
                count[second] += 1
                count[overlap] -= 1
                summed = _Sum(
                    tuple((piece, number) for piece, number in count.items() if number),
                    min(found.overlap, self._n_heavy(overlap)),
                )
                if best is None or summed.rank > best.rank:
                    best = summed
        self._sums[piece] = best
        return best

    def _pairs(self, piece: Piece) -> Iterator[tuple[Piece, Piece]]:
        """Yield two pieces that make up one; the second, and what they share, are known."""
        sides = [self._side(piece, *cut) for cut in self._cuts if piece.issuperset(cut)]
        for second in sides:
            if self._is_known(second):
                for first in sides:
                    overlap = first & second
                    whole = len(first) + len(second) - len(overlap) == len(piece)
                    if whole and first > overlap < second and overlap and self._is_known(overlap):
                        yield first, second

    def _side(self, piece: Piece, kept: int, cut_off: int) -> Piece:
        """Return the atoms of a piece that hang on one atom of a bond, the other one cut off."""
        side, front = {kept}, [kept]
        while front:
            atom = front.pop()
            for other in self._bonded[atom]:
                if other in piece and other not in side and (atom, other) != (kept, cut_off):
                    side.add(other)
                    front.append(other)
        return frozenset(side)

    def _is_known(self, piece: Piece) -> bool:
        if piece not in self._smiles:
            whole = len(piece) == self._molecule.n_atoms
            made = self._molecule if whole else capped(self._molecule, piece)
            self._smiles[piece] = made.smiles if made is not None else ""
        smiles = self._smiles[piece]
        return smiles in self._known or (bool(smiles) and self._n_heavy(piece) == 1)

    def _n_heavy(self, piece: Piece) -> int:
        return int((self._molecule.numbers[list(piece)] > 1).sum())

    def _term(self, piece: Piece, coefficient: int) -> Term:
        atoms = tuple(sorted(piece))
        caps = tuple((i, j) for i in atoms for j in self._bonded[i] if j not in piece)
        return Term(atoms, caps, coefficient, self._smiles[piece])
