"""Weighted set cover: the cheapest choice of sets that together hold every element.

The problem is NP-hard. The greedy choice costs at most H(n) times the least, with H(n) the n-th
harmonic number (Chvatal, *Math. Oper. Res.* 4, 233, 1979). It is improved by taking out what is not
needed, and by HiGHS (``scipy.optimize.milp``), which also says how far the result may be from the
least.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from mlip_compose.core.records import FloatArray

MOST_SETS: Final = 20_000
"""Sets of a problem that is given to the exact solver."""

NODES: Final = 2_000
"""Nodes of its search tree: a limit in nodes gives the same result on every machine."""


@dataclass(frozen=True)
class Cover:
    """A choice of sets.

    Attributes
    ----------
    chosen
        Indices of the sets, ascending.
    cost
        Sum of their costs.
    bound
        No choice costs less.
    """

    chosen: tuple[int, ...]
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """The cost above the bound, as a fraction of the cost; 0 for a choice proved the least."""
        return max(0.0, 1.0 - self.bound / self.cost) if self.cost else 0.0


def cheapest_cover(sets: Sequence[Set[int]], costs: Sequence[float], elements: int) -> Cover:
    """Choose sets that hold all elements, at the least cost that is found.

    Parameters
    ----------
    sets
        Elements of each set, 0 to ``elements`` - 1. Together they hold all elements.
    costs
        Cost of each set, positive.
    elements
        Number of elements.

    Raises
    ------
    ValueError
        An element is in no set.
    """
    if not elements:
        return Cover((), 0.0, 0.0)
    if len(set().union(*sets)) < elements:
        raise ValueError("an element is in no set")
    prices = np.asarray(costs, dtype=float)
    chosen = without_spare(greedy_cover(sets, prices, elements), sets, prices)
    cost = float(prices[list(chosen)].sum())
    better, bound = _by_solver(sets, prices, elements)
    if better and (spent := float(prices[list(better)].sum())) < cost:
        chosen, cost = better, spent
    return Cover(tuple(sorted(chosen)), cost, min(bound, cost))


def greedy_cover(sets: Sequence[Set[int]], costs: FloatArray, elements: int) -> tuple[int, ...]:
    """Take again and again the set that costs least for each element that it adds."""
    missing = set(range(elements))
    chosen: list[int] = []
    while missing:
        added = np.array([len(missing & members) for members in sets])
        with np.errstate(divide="ignore"):
            best = int(np.argmin(np.where(added > 0, costs / np.maximum(added, 1), np.inf)))
        chosen.append(best)
        missing -= sets[best]
    return tuple(chosen)


def without_spare(
    chosen: Sequence[int], sets: Sequence[Set[int]], costs: FloatArray
) -> tuple[int, ...]:
    """Take out sets whose elements are all in others, the dearest first."""
    kept = list(chosen)
    for index in sorted(chosen, key=lambda i: -costs[i]):
        others = set().union(*(sets[i] for i in kept if i != index))
        if sets[index] <= others:
            kept.remove(index)
    return tuple(kept)


def _by_solver(
    sets: Sequence[Set[int]], costs: FloatArray, elements: int
) -> tuple[tuple[int, ...], float]:
    """Return the choice of the exact solver, where it has one, and a lower bound of the cost."""
    rows = [element for members in sets for element in members]
    columns = [index for index, members in enumerate(sets) for _ in members]
    membership = csr_array(
        (np.ones(len(rows)), (rows, columns)), shape=(elements, len(sets)), dtype=float
    )
    scale = float(costs.max())  # the solver's tolerances are absolute
    if len(sets) > MOST_SETS:
        relaxed = linprog(
            costs / scale, A_ub=-membership, b_ub=-np.ones(elements), bounds=(0, 1), method="highs"
        )
        return (), float(relaxed.fun) * scale
    solved = milp(
        costs / scale,
        constraints=LinearConstraint(membership, lb=1),
        integrality=np.ones(len(sets)),
        bounds=Bounds(0, 1),
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
    bound = float(solved.mip_dual_bound) * scale
    if solved.x is None:
        return (), bound
    return tuple(np.flatnonzero(solved.x > 0.5).tolist()), bound
