"""How far around each atom of some targets training molecules have shown its environment.

env(a, r) is the subgraph around atom a out to r bonds: elements, formal charges, bond orders and
aromatic bonds, hydrogens included. The **seen radius** of an atom is the largest r, at most some
limit, for which env(a, r) occurs in a training molecule; -1 where not even its element does.

Two environments are the same if and only if they have the same key. The key is made in two steps,
since the exact one is dear and seldom needed:

1. The *unrolled* label. It describes the tree of all walks of r bonds that do not turn back at once
   (:func:`mlip_compose.tasks.environments.tree_labels`). Environments with different labels are
   different; those without a ring are the same if their labels are the same.
2. The canonical SMILES with the root marked, for an environment with a ring. It is made only where
   the unrolled label, and a count of what is in the ring, occur in training and in a target.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mlip_compose.core.records import IntArray, Molecule
from mlip_compose.tasks.environments import MAX_RADIUS, atom_kinds, rooted_part, tree_labels

Key = tuple[int, str]
"""Unrolled label, and canonical SMILES of an environment with a ring (empty for one without)."""


Contents = dict[tuple[object, ...], set[str]]
"""Canonical SMILES of environments with a ring, by what is in them; both empty without a ring."""


class Interned:
    """Whole numbers for labels, the same for equal labels of all molecules that share this table.

    The numbers depend on the order in which labels come: compare keys of one table only.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {}

    def __call__(self, order: int, kind: int, branches: tuple[int, ...]) -> int:
        """Return the number of the tree of this bond, top and branches."""
        return self._numbers.setdefault((order, kind, *branches), len(self._numbers))


@dataclass(eq=False)
class Environments:
    """The environments of every atom of one molecule.

    Attributes
    ----------
    molecule
        The molecule.
    table
        Shared by all molecules whose keys are compared.
    radius
        Largest radius, bonds.
    """

    molecule: Molecule
    table: Interned
    radius: int = MAX_RADIUS
    _smiles: dict[tuple[int, int], str] = field(default_factory=dict)
    _contents: dict[tuple[int, int], tuple[object, ...]] = field(default_factory=dict)

    @cached_property
    def unrolled(self) -> tuple[tuple[int, ...], ...]:
        """Unrolled labels by radius, 0 to ``radius``, then by atom."""
        kinds = atom_kinds(self.molecule)
        return tree_labels(kinds, self.molecule.neighbours, self.radius, self.table)

    def ball(self, atom: int, radius: int) -> dict[int, int]:
        """Return the atoms at most ``radius`` bonds from ``atom``, with their distances."""
        distances = {atom: 0}
        front = [atom]
        for distance in range(1, radius + 1):
            front = [j for i in front for j, _ in self.molecule.neighbours[i] if j not in distances]
            distances |= dict.fromkeys(front, distance)
        return distances

    def content(self, atom: int, radius: int) -> tuple[object, ...]:
        """Return what is in an environment with a ring, sorted; empty for one without a ring."""
        if not self._may_close(atom, radius):
            return ()
        if (atom, radius) not in self._contents:
            self._contents[atom, radius] = self._content(atom, radius)
        return self._contents[atom, radius]

    def _content(self, atom: int, radius: int) -> tuple[object, ...]:
        ball = self.ball(atom, radius)
        inner = {i: [order for j, order in self.molecule.neighbours[i] if j in ball] for i in ball}
        if sum(map(len, inner.values())) // 2 < len(ball):
            return ()
        numbers, charges = self.molecule.numbers, self.molecule.charges
        return tuple(
            sorted(
                (distance, int(numbers[i]), int(charges[i]), *sorted(inner[i]))
                for i, distance in ball.items()
            )
        )

    def smiles(self, atom: int, radius: int) -> str:
        """Return the canonical SMILES of an environment; its root has the map number 1."""
        if (atom, radius) not in self._smiles:
            atoms = list(self.ball(atom, radius))  # the root is the first
            self._smiles[atom, radius] = rooted_part(self.molecule, atoms)
        return self._smiles[atom, radius]

    def key(self, atom: int, radius: int) -> Key:
        """Return the key of an environment."""
        ring = self.smiles(atom, radius) if self.content(atom, radius) else ""
        return self.unrolled[radius][atom], ring

    @cached_property
    def _distance_to_ring(self) -> list[int]:
        """Bonds from each atom to the nearest atom of a ring; more than all bonds without rings."""
        in_ring = _ring_atoms(self.molecule.neighbours)
        far = len(self.molecule.neighbours) + 1
        distances = [0 if i in in_ring else far for i in range(len(self.molecule.neighbours))]
        front = sorted(in_ring)
        while front:
            step = []
            for i in front:
                for j, _ in self.molecule.neighbours[i]:
                    if distances[j] == far:
                        distances[j] = distances[i] + 1
                        step.append(j)
            front = step
        return distances

    def _may_close(self, atom: int, radius: int) -> bool:
        """Return whether a ring can be within the environment: the smallest needs a bond more."""
        return self._distance_to_ring[atom] < radius


def _ring_atoms(neighbours: Sequence[Sequence[tuple[int, int]]]) -> set[int]:
    """Return the atoms that stay when ends are taken off again and again: rings, and links."""
    degrees = [len(row) for row in neighbours]
    ends = [i for i, degree in enumerate(degrees) if degree <= 1]
    kept = set(range(len(neighbours)))
    while ends:
        i = ends.pop()
        kept.discard(i)
        for j, _ in neighbours[i]:
            if j in kept:
                degrees[j] -= 1
                if degrees[j] == 1:
                    ends.append(j)
    return kept


@dataclass(frozen=True, eq=False)
class Seen:
    """What training has shown of one target.

    Attributes
    ----------
    radii : (N,) int
        Seen radius of each atom.
    where
        For each atom the name of the first training molecule that has its environment of that
        radius; empty at -1.
    """

    radii: IntArray
    where: tuple[str, ...]


def seen_in(
    targets: Sequence[Molecule], training: Iterable[Molecule], radius: int = MAX_RADIUS
) -> tuple[Seen, ...]:
    """Find how far training molecules have shown the environments of each target's atoms.

    Parameters
    ----------
    targets
        The molecules that somebody cares about.
    training
        Those that a potential is trained on; each is looked at once and not kept.
    radius
        Largest radius, bonds.

    Returns
    -------
    tuple of Seen
        One for each target.
    """
    table = Interned()
    wanted = _Wanted([Environments(molecule, table, radius) for molecule in targets], radius)
    for molecule in training:
        wanted.look_at(Environments(molecule, table, radius))
    return tuple(wanted.seen())


class _Wanted:
    """The environments of targets, and in which training molecule each was met first.

    What is in the rings of a target's environments is looked at when a training molecule has the
    same unrolled label, and not before: most labels are met by nobody.
    """

    def __init__(self, targets: Sequence[Environments], radius: int) -> None:
        self._targets = targets
        self._radius = radius
        self._where: list[dict[Key, str]] = [{} for _ in range(radius + 1)]
        self._atoms: list[dict[int, list[tuple[int, int]]]] = []
        for r in range(radius + 1):
            places: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for number, target in enumerate(targets):
                for atom, label in enumerate(target.unrolled[r]):
                    places[label].append((number, atom))
            self._atoms.append(dict(places))
        # By radius and label: rings of environments that are not met yet, by what is in them.
        self._open: list[dict[int, Contents]] = [{} for _ in range(radius + 1)]

    def look_at(self, training: Environments) -> None:
        """Note which environments of the targets a training molecule has."""
        atoms = list(range(training.molecule.n_atoms))
        for r in range(self._radius + 1):
            labels, places = training.unrolled[r], self._atoms[r]
            # A larger environment holds the smaller one: other atoms have nothing to show.
            atoms = [atom for atom in atoms if labels[atom] in places]
            for atom in atoms:
                label = labels[atom]
                if contents := self._contents(r, label):
                    content = training.content(atom, r)
                    rings = contents.get(content, set())
                    ring = training.smiles(atom, r) if content and rings else ""
                    if ring in rings:
                        self._where[r][label, ring] = training.molecule.name
                        rings.discard(ring)
                        if not rings:
                            del contents[content]

    def _contents(self, radius: int, label: int) -> Contents:
        """Return the rings of the targets' environments with a label that are not met yet."""
        if label not in self._open[radius]:
            contents: Contents = {}
            for number, atom in self._atoms[radius][label]:
                target = self._targets[number]
                ring = target.key(atom, radius)[1]
                contents.setdefault(target.content(atom, radius), set()).add(ring)
            self._open[radius][label] = contents
        return self._open[radius][label]

    def seen(self) -> Iterator[Seen]:
        """Yield the result of each target."""
        for target in self._targets:
            reached = [self._reached(target, atom) for atom in range(target.molecule.n_atoms)]
            radii = np.array([radius for radius, _ in reached], dtype=np.int64)
            yield Seen(radii, tuple(name for _, name in reached))

    def _reached(self, target: Environments, atom: int) -> tuple[int, str]:
        """Return the seen radius of an atom, and where it was seen."""
        radius, name = -1, ""
        for r, where in enumerate(self._where):
            met = target.unrolled[r][atom] in self._open[r] and target.key(atom, r) in where
            if not met:
                break
            radius, name = r, where[target.key(atom, r)]
        return radius, name
