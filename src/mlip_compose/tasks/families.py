"""The families of a data set: the series X-(CH2)n-Y that the rules of tasks are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from mlip_compose.core.records import Molecule, Parts
from mlip_compose.molecules.groups import group_facts
from mlip_compose.molecules.series import METHANE, series_order


@dataclass(frozen=True)
class Families:
    """What the molecules of a data set make, sorted for rules.

    A family is all molecules X-(CH2)n-H with the same group X. It is asked for without holes: from
    its shortest chain to its longest. Methane is of no family.

    Attributes
    ----------
    lengths
        Chain lengths of each family, by its group.
    pairs
        Groups X and Y of the molecules with two end groups that both have a family.
    """

    lengths: Mapping[str, range]
    pairs: tuple[tuple[str, str], ...]
    _first_half: frozenset[str] | None = None
    _held_out: frozenset[str] | None = None

    def changed(self, half_a: Iterable[str] | None, held_out: Iterable[str] | None) -> Families:
        """Return the families with halves or held-out families that somebody chose."""
        return replace(
            self,
            _first_half=None if half_a is None else frozenset(half_a),
            _held_out=None if held_out is None else frozenset(held_out),
        )

    @classmethod
    def among(cls, molecules: Iterable[Molecule]) -> Families:
        """Find the families of some molecules."""
        every = {m.parts for m in molecules if m.parts is not None} - {METHANE}
        parts = sorted(every, key=series_order)
        chains: dict[str, list[int]] = {}
        for left, chain, right in parts:
            if right == "H":
                chains.setdefault(left, []).append(chain)
        lengths = {group: range(min(own), max(own) + 1) for group, own in chains.items()}
        pairs = dict.fromkeys((p.left, p.right) for p in parts if p.right != "H")
        return cls(lengths, tuple(pair for pair in pairs if set(pair) <= lengths.keys()))

    @cached_property
    def monofunctional(self) -> tuple[Parts, ...]:
        """X-(CH2)n-H of every family and length, family by family."""
        return tuple(Parts(group, n, "H") for group, own in self.lengths.items() for n in own)

    def bifunctional(self, chain: int) -> tuple[Parts, ...]:
        """X-(CH2)n-Y of every pair, for one chain length."""
        return tuple(Parts(left, chain, right) for left, right in self.pairs)

    @cached_property
    def first_half(self) -> frozenset[str]:
        """One half of the families, whose groups are as heavy as those of the other half.

        Families are sorted by the mass of their groups and taken two by two, the lightest first. Of
        two the one with fewer heavy atoms is in this half; where both have as many, the one with
        more hydrogens; then the first in the order of names. A last one without a partner is in
        this half, too.
        """
        if self._first_half is not None:
            return self._first_half
        by_mass = sorted(self.lengths, key=lambda group: (group_facts(group).mass, group))
        pairs = [by_mass[i : i + 2] for i in range(0, len(by_mass), 2)]
        return frozenset(min(pair, key=_lightness) for pair in pairs)

    @cached_property
    def held_out(self) -> frozenset[str]:
        """Families of each size that has several: one of which the others are like.

        The size of a family is the number of heavy atoms of its group; the alkanes have none, and
        are not held out. Of the families of one size the middle one is held out, in the order of
        hydrogens and then of mass; the first of two in the middle. Where every size has one family
        only, it is the family with the largest group.
        """
        if self._held_out is not None:
            return self._held_out
        sizes: dict[int, list[str]] = {}
        for group in self.lengths:
            if group != "H":
                sizes.setdefault(group_facts(group).heavy, []).append(group)
        several = [own for own in sizes.values() if len(own) > 1]
        chosen = several or [sizes[size] for size in sorted(sizes)[-1:]]
        return frozenset(sorted(own, key=_hydrogens)[(len(own) - 1) // 2] for own in chosen)


def _lightness(group: str) -> tuple[int, int, str]:
    facts = group_facts(group)
    return facts.heavy, -facts.hydrogens, group


def _hydrogens(group: str) -> tuple[int, float, str]:
    facts = group_facts(group)
    return facts.hydrogens, facts.mass, group
