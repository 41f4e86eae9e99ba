"""The terms of a molecule: the coordinates of each, and its type from coarse to fine.

A type is a tuple of labels, one for each level of its kind. A symmetric term has the same type from
either end. In other terms the order of atoms has a meaning. T counts terms of a kind, S coordinates
of a term, U types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from mlip_compose.core.records import IntArray, Molecule
from mlip_compose.potentials.additive.term_kinds import KIND_BY_NAME, TermKind
from mlip_compose.potentials.additive.topology import Topology, build_topology

Type = tuple[str, ...]
"""Labels of one type, coarse to fine."""

_SEPARATOR = " "
_Term = tuple[tuple[int, ...], Type]


@dataclass(frozen=True, eq=False)
class TermBlock:
    """The T terms of one kind in a molecule.

    Attributes
    ----------
    kind
        Kind of the terms.
    slots : (T, S) int
        Index of each coordinate of each term among the coordinates of its sort.
    types
        The U different types.
    type_of : (T,) int
        Index of the type of each term.
    """

    kind: TermKind
    slots: IntArray
    types: tuple[Type, ...]
    type_of: IntArray


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of a molecule.

    Attributes
    ----------
    topology
        Coordinates and labels of the molecule.
    blocks
        Terms by kind, in the order of ``TERM_KINDS``, without kinds that have none.
    bond_types, angle_types
        Type of each bond and angle, for equilibrium values.
    """

    topology: Topology
    blocks: tuple[TermBlock, ...]
    bond_types: tuple[Type, ...]
    angle_types: tuple[Type, ...]


def find_terms(molecule: Molecule, couplings: bool = True) -> Terms:
    """Find the terms of a molecule, without coupling terms where ``couplings`` is false.

    Terms of the last 512 molecules are kept in memory.
    """
    terms = _find_terms(_Graph(molecule))
    if couplings:
        return terms
    return replace(terms, blocks=tuple(b for b in terms.blocks if not b.kind.coupling))


class _Graph:
    """A molecule that equals another with the same numbers, bonds and bond orders."""

    def __init__(self, molecule: Molecule) -> None:
        self.molecule = molecule
        arrays = (molecule.numbers, molecule.bonds, molecule.bond_orders)
        self.key = tuple(array.astype(np.int64).tobytes() for array in arrays)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Graph) and self.key == other.key


@lru_cache(maxsize=512)
def _find_terms(graph: _Graph) -> Terms:
    topology = build_topology(graph.molecule)
    levels = topology.labels.levels
    bond_types = tuple(_path_type(bond, levels) for bond in topology.bonds)
    angle_types = tuple(_path_type(angle, levels) for angle in topology.angles)
    terms: dict[str, list[_Term]] = {
        "bond": [((i,), t) for i, t in enumerate(bond_types)],
        "angle": [((i,), t) for i, t in enumerate(angle_types)],
    }
    for name, term in _terms(topology):
        terms.setdefault(name, []).append(term)
    blocks = tuple(
        _block(kind, terms[kind.name]) for kind in KIND_BY_NAME.values() if terms.get(kind.name)
    )
    return Terms(topology, blocks, bond_types, angle_types)


def _block(kind: TermKind, terms: Sequence[_Term]) -> TermBlock:
    types: dict[Type, int] = {}
    type_of = [types.setdefault(label, len(types)) for _, label in terms]
    slots = np.array([slot for slot, _ in terms], dtype=np.intp)
    return TermBlock(kind, slots, tuple(types), np.array(type_of, dtype=np.intp))


def _join(labels: Sequence[str]) -> str:
    return _SEPARATOR.join(labels)


def _either_way(labels: Sequence[str]) -> str:
    """Join labels so that they read the same from either end."""
    return _join(min(list(labels), list(labels)[::-1]))


def _path_type(atoms: Sequence[int], levels: Sequence[Sequence[str]]) -> Type:
    return tuple(_either_way([level[a] for a in atoms]) for level in levels)


def _star_type(inner: Sequence[int], outer: Iterable[int], levels: Sequence[Sequence[str]]) -> Type:
    """Join labels of inner atoms in their order, and labels of outer atoms sorted."""
    return tuple(
        _join([*(level[a] for a in inner), *sorted(level[a] for a in outer)]) for level in levels
    )


def _terms(topology: Topology) -> Iterator[tuple[str, _Term]]:
    yield from _around_one_atom(topology)
    yield from _along_torsions(topology)
    yield from _between_pairs(topology)


def _around_one_atom(topology: Topology) -> Iterator[tuple[str, _Term]]:
    labels = topology.labels
    element, environment = labels.element, labels.environment
    coarse_levels = labels.levels[:2]
    bond = {pair: i for i, (a, b) in enumerate(topology.bonds) for pair in ((a, b), (b, a))}
    angle = {(a, b, c): i for i, (a, b, c) in enumerate(topology.angles)}
    sides: dict[int, list[tuple[int, int, int]]] = {}

    for (a, b), i in bond.items():
        if element[a] != "H":
            yield "bond-shift", ((i,), (_join([labels.surroundings[a], environment[b]]),))
    for (a, b, c), i in angle.items():
        sides.setdefault(b, []).append((a, c, i))
        ends = sorted((environment[a], environment[c]))
        yield "angle-shift", ((i,), (_join([labels.surroundings[b], *ends]),))
        yield "stretch-stretch", ((bond[a, b], bond[b, c]), _path_type((a, b, c), coarse_levels))
        for path in ((a, b, c), (c, b, a)):
            labels_of_path = tuple(_join([level[p] for p in path]) for level in coarse_levels)
            yield "stretch-bend", ((bond[path[0], b], i), labels_of_path)
    for b, angles in sides.items():
        for index, (a, c, i) in enumerate(angles):
            for a2, c2, j in angles[index + 1 :]:
                shared = {a, c} & {a2, c2}
                if len(shared) == 1:
                    outer = {a, c} ^ {a2, c2}
                    yield "bend-bend", ((i, j), _star_type((b, *shared), outer, coarse_levels))
    for i, (b, *outer_atoms) in enumerate(topology.out_of_plane):
        yield "out-of-plane", ((i,), _star_type((b,), outer_atoms, labels.levels))


def _along_torsions(topology: Topology) -> Iterator[tuple[str, _Term]]:
    element, environment = topology.labels.element, topology.labels.environment
    bond = {pair: i for i, (a, b) in enumerate(topology.bonds) for pair in ((a, b), (b, a))}
    angle = {
        triple: i
        for i, (a, b, c) in enumerate(topology.angles)
        for triple in ((a, b, c), (c, b, a))
    }
    for i, atoms in enumerate(topology.torsions):
        a, b, c, d = atoms

        def type_of(join: Callable[[Sequence[str]], str], path: tuple[int, int, int, int]) -> Type:
            p, q, r, s = path
            return tuple(
                join([element[p], level[q], level[r], element[s]])
                for level in topology.labels.levels[:2]
            )

        symmetric_type = type_of(_either_way, atoms)
        ends = [f"{element[x]}{topology.orders[x, y]}" for x, y in ((a, b), (d, c))]
        finest = _either_way([ends[0], environment[b], environment[c], ends[1]])
        yield "torsion", ((i,), (*symmetric_type, finest))
        yield "middle-stretch-torsion", ((bond[b, c], i), symmetric_type)
        yield "bend-bend-torsion", ((angle[a, b, c], angle[b, c, d], i), symmetric_type)
        for path in (atoms, atoms[::-1]):
            oriented_type = type_of(_join, path)
            yield "end-stretch-torsion", ((bond[path[0], path[1]], i), oriented_type)
            yield "bend-torsion", ((angle[path[0], path[1], path[2]], i), oriented_type)


def _between_pairs(topology: Topology) -> Iterator[tuple[str, _Term]]:
    coarse_levels = topology.labels.levels[:2]
    names = {3: "pair-1-4", 4: "pair-1-5"}
    for i, (pair, bonds) in enumerate(zip(topology.pairs, topology.separations, strict=True)):
        yield names.get(bonds, "pair"), ((i,), _path_type(pair, coarse_levels))
