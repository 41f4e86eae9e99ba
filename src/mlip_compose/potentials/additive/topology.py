"""The topology of a molecule for a bonded force field: bonds, angles, torsions, pairs, labels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from mlip_compose.core.records import AROMATIC, Molecule

_BOND = {1: "-", 2: "=", 3: "#", AROMATIC: ":"}


@dataclass(frozen=True)
class Labels:
    """Labels of the N atoms of a molecule, each level finer than the one before.

    Attributes
    ----------
    element
        Element, such as ``C``.
    valence
        Element, formal charge and orders of its bonds, such as ``C[--=]`` and ``N+[---]``; for a
        hydrogen element and neighbour, such as ``H(-O)``.
    environment
        Environment of radius 1: element and neighbours, such as ``C(-C-H-H-O)``.
    surroundings
        Environment of radius 2, such as ``C(-C(-C-H-H-H)-H(-C)...)``.
    """

    element: tuple[str, ...]
    valence: tuple[str, ...]
    environment: tuple[str, ...]
    surroundings: tuple[str, ...]

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Element, valence and environment, coarse to fine."""
        return self.element, self.valence, self.environment


@dataclass(frozen=True)
class Topology:
    """The coordinates of a molecule as tuples of atoms.

    Attributes
    ----------
    labels
        Labels of its atoms.
    orders
        Bond order of each pair of bonded atoms, in both directions.
    bonds
        Bonds (a, b) with a < b.
    angles
        Angles (a, b, c) around b with a < c.
    torsions
        Torsions (a, b, c, d) around the bond b < c, where neither b nor c is linear.
    out_of_plane
        Atoms b with three neighbours, (b, a, c, d), neighbours ascending.
    pairs
        Pairs (a, b) with a < b, three or more bonds apart.
    separations
        Number of bonds between the atoms of each pair.
    """

    labels: Labels
    orders: dict[tuple[int, int], int]
    bonds: tuple[tuple[int, int], ...]
    angles: tuple[tuple[int, int, int], ...]
    torsions: tuple[tuple[int, int, int, int], ...]
    out_of_plane: tuple[tuple[int, int, int, int], ...]
    pairs: tuple[tuple[int, int], ...]
    separations: tuple[int, ...]


def build_topology(molecule: Molecule) -> Topology:
    """Find the coordinates and the atom labels of a molecule."""
    bonds = tuple((min(a, b), max(a, b)) for a, b in molecule.bonds.tolist())
    orders: dict[tuple[int, int], int] = {}
    for (a, b), order in zip(bonds, molecule.bond_orders.tolist(), strict=True):
        orders[a, b] = orders[b, a] = order
    atoms = range(molecule.n_atoms)
    neighbours = tuple(tuple(b for b in atoms if (a, b) in orders) for a in atoms)
    linear = [len(n) == 2 and max(orders[a, b] for b in n) == 3 for a, n in enumerate(neighbours)]
    torsions = tuple(
        (a, b, c, d)
        for b, c in bonds
        if not linear[b] and not linear[c]
        for a in neighbours[b]
        for d in neighbours[c]
        if a != c and d != b and a != d
    )
    distances = molecule.separations.tolist()
    pairs = tuple(p for p in itertools.combinations(atoms, 2) if distances[p[0]][p[1]] >= 3)
    return Topology(
        labels=_labels(molecule, neighbours, orders),
        orders=orders,
        bonds=bonds,
        angles=tuple((a, b, c) for b in atoms for a, c in itertools.combinations(neighbours[b], 2)),
        torsions=torsions,
        out_of_plane=tuple((b, n[0], n[1], n[2]) for b, n in enumerate(neighbours) if len(n) == 3),
        pairs=pairs,
        separations=tuple(distances[a][b] for a, b in pairs),
    )


def _labels(
    molecule: Molecule,
    neighbours: Sequence[tuple[int, ...]],
    orders: dict[tuple[int, int], int],
) -> Labels:
    elements = molecule.symbols
    charges = [("+" if q > 0 else "-") * abs(q) for q in molecule.charges.tolist()]
    names = [element + charge for element, charge in zip(elements, charges, strict=True)]

    def around(labels: Sequence[str]) -> tuple[str, ...]:
        """Each atom's name, with its bonds and the labels of its neighbours."""
        return tuple(
            f"{name}({''.join(sorted(_BOND[orders[a, b]] + labels[b] for b in neighbours[a]))})"
            for a, name in enumerate(names)
        )

    environment = around(names)
    valence = tuple(
        environment[a]
        if name == "H"
        else f"{name}[{''.join(sorted(_BOND[orders[a, b]] for b in neighbours[a]))}]"
        for a, name in enumerate(names)
    )
    return Labels(tuple(elements), valence, environment, around(environment))
