"""What to label so that training has shown every environment of some targets, at the least cost.

Candidates are fragments of the targets, the molecules of a pool, and the targets themselves. A
candidate counts for the environments that it really has. The choice is a weighted set cover; that
it covers what it promises is proved by looking at all targets once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Final, Literal

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.planning.fragments import fragments_around
from mlip_compose.planning.seen import (
    Environments,
    Interned,
    Key,
    seen_in,
)
from mlip_compose.planning.set_cover import cheapest_cover
from mlip_compose.tasks.environments import MAX_RADIUS

Source = Literal["fragment", "pool", "target"]

DFT_POWER: Final = 2.5
"""Cost of a label of density functional theory against the number of atoms, as a power."""


MOST_POWER: Final = 10.0
"""The largest power that is taken; coupled cluster with triples has 7."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """An environment of the targets that training has not shown.

    Attributes
    ----------
    smiles
        The environment as SMILES; its central atom has the map number 1.
    atoms
        Where it is: target and atom, the first of each target.
    """

    smiles: str
    atoms: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Chosen:
    """A molecule to label.

    Attributes
    ----------
    molecule
        The molecule.
    source
        Where it comes from.
    cost
        Cost of one label of it, in the unit of the plan.
    shows
        Indices in ``Plan.unseen`` of the environments that it has.
    """

    molecule: Molecule
    source: Source
    cost: float
    shows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """Molecules to label, and what they prove to show.

    Attributes
    ----------
    radius
        R: every atom of the targets has a seen radius of at least R, training and plan together.
    power
        The cost of a label is the number of atoms to this power.
    targets
        The molecules that somebody cares about.
    unseen
        Environments of the targets at R that training has not shown.
    chosen
        The plan, the cheapest first.
    bound
        No choice from the same candidates costs less.
    cost_of_targets
        Cost of labelling, instead, each target that has an unseen environment.
    only_in_targets
        Indices in ``unseen`` of the environments that no fragment and no pool molecule has.
    candidates
        Number of molecules that could have been chosen.
    """

    radius: int
    power: float
    targets: tuple[Molecule, ...]
    unseen: tuple[Unseen, ...]
    chosen: tuple[Chosen, ...]
    bound: float
    cost_of_targets: float
    only_in_targets: tuple[int, ...]
    candidates: int

    @property
    def cost(self) -> float:
        """Cost of one label of each molecule of the plan."""
        return sum(choice.cost for choice in self.chosen)


def plan_labels(
    targets: Sequence[Molecule],
    training: Sequence[Molecule],
    radius: int,
    pool: Sequence[Molecule] = (),
    power: float = DFT_POWER,
) -> Plan:
    """Choose what to label.

    Parameters
    ----------
    targets
        The molecules that somebody cares about.
    training
        What a potential is trained on already; may be empty.
    radius
        R, bonds: 1 to 6.
    pool
        Molecules that may be labelled, besides fragments.
    power
        Cost of one label: the number of atoms to this power, 0 to 10. A factor would change
        nothing in the choice. With 0 the plan has the fewest molecules.

    Raises
    ------
    RequestError
        R is no whole number from 1 to 6, or the power is out of range.
    """
    check_request(radius, power)

    def cost(molecule: Molecule) -> float:
        return float(molecule.n_atoms**power)

    table = Interned()
    wholes = [Environments(molecule, table, radius) for molecule in targets]
    places = _unseen_places(wholes, training, radius)
    index = {key: number for number, key in enumerate(places)}
    candidates = _candidates(wholes, places, pool, radius)
    labels = {label for label, _ in index}
    shows = [_shown(Environments(m, table, radius), index, labels) for m, _ in candidates]
    useful = [number for number, members in enumerate(shows) if members]
    costs = [cost(candidates[number][0]) for number in useful]
    cover = cheapest_cover([shows[number] for number in useful], costs, len(index))
    chosen = sorted(
        (
            Chosen(*candidates[useful[i]], costs[i], tuple(sorted(shows[useful[i]])))
            for i in cover.chosen
        ),
        key=lambda choice: (choice.cost, choice.molecule.smiles),
    )
    elsewhere = {
        e for (_, source), s in zip(candidates, shows, strict=True) if source != "target" for e in s
    }
    lacking = {t for place in places.values() for t, _ in place}
    plan = Plan(
        radius=radius,
        power=power,
        targets=tuple(targets),
        unseen=tuple(_described(wholes, place, radius) for place in places.values()),
        chosen=tuple(chosen),
        bound=cover.bound,
        cost_of_targets=sum(cost(targets[t]) for t in lacking),
        only_in_targets=tuple(number for number in range(len(index)) if number not in elsewhere),
        candidates=len(useful),
    )
    _prove(plan, training)
    return plan


def check_request(radius: int, power: float) -> None:
    """Raise RequestError where no plan has such a radius, or such a power of the cost."""
    if not 1 <= radius <= MAX_RADIUS:
        raise RequestError(f"a radius R of 1 to {MAX_RADIUS} bonds", str(radius))
    if not 0 <= power <= MOST_POWER:
        raise RequestError(f"a power of 0 to {MOST_POWER:g}", f"{power:g}")


def _unseen_places(
    wholes: Sequence[Environments], training: Iterable[Molecule], radius: int
) -> dict[Key, list[tuple[int, int]]]:
    """Return each unseen environment with the targets and atoms that have it."""
    places: dict[Key, list[tuple[int, int]]] = {}
    seen = seen_in([whole.molecule for whole in wholes], training, radius)
    for number, (whole, target) in enumerate(zip(wholes, seen, strict=True)):
        for atom, reached in enumerate(target.radii.tolist()):
            if reached < radius:
                places.setdefault(whole.key(atom, radius), []).append((number, atom))
    return places


def _candidates(
    wholes: Sequence[Environments],
    places: dict[Key, list[tuple[int, int]]],
    pool: Sequence[Molecule],
    radius: int,
) -> list[tuple[Molecule, Source]]:
    """Return fragments, pool and targets, each molecule once, the first source that has it."""
    centres: dict[int, list[int]] = {}
    for place in places.values():
        for number, atom in place:
            centres.setdefault(number, []).append(atom)
    sources: dict[str, tuple[Molecule, Source]] = {}
    for molecule in pool:
        sources.setdefault(molecule.smiles, (molecule, "pool"))
    for number in centres:
        sources.setdefault(wholes[number].molecule.smiles, (wholes[number].molecule, "target"))
    for number, atoms in centres.items():
        for fragment in fragments_around(wholes[number], sorted(atoms), radius):
            sources.setdefault(fragment.smiles, (fragment, "fragment"))
    return list(sources.values())


def _shown(candidate: Environments, index: dict[Key, int], labels: Set[int]) -> frozenset[int]:
    """Return which unseen environments a candidate has, by key; ``labels`` are those of keys."""
    radius = candidate.radius
    return frozenset(
        index[key]
        for atom, label in enumerate(candidate.unrolled[radius])
        if label in labels and (key := candidate.key(atom, radius)) in index
    )


def _described(
    wholes: Sequence[Environments], place: Sequence[tuple[int, int]], radius: int
) -> Unseen:
    number, atom = place[0]
    first = dict(reversed(place))
    atoms = sorted((wholes[n].molecule.name, a) for n, a in first.items())
    return Unseen(wholes[number].smiles(atom, radius), tuple(atoms))


def _prove(plan: Plan, training: Sequence[Molecule]) -> None:
    """Look at all targets once more, with the plan as training.

    Raises
    ------
    AssertionError
        An environment is still unseen; that is a bug.
    """
    together = [*training, *(choice.molecule for choice in plan.chosen)]
    for target, seen in zip(
        plan.targets, seen_in(plan.targets, together, plan.radius), strict=True
    ):
        assert seen.radii.min() >= plan.radius, f"the plan does not cover {target.name}"
