"""Coefficients of types: those of a coarse type, plus corrections of the finer ones.

The coefficients of a term are the sum over the levels of its type. A level that did not occur in
training adds nothing, so a term of an unseen type has the coefficients of the coarser one. U counts
types, K functions of a kind, P parameters, C columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix

from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.potentials.additive.term_kinds import KIND_BY_NAME, TERM_KINDS
from mlip_compose.potentials.additive.terms import TermBlock, Terms, Type

Level = tuple[str, int]
"""Name of a kind of term and level of type, 0 for the coarsest."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Coefficients of every type at every level.

    Attributes
    ----------
    types
        Types that occurred in training, by kind of term.
    coefficients
        Coefficients (labels, K), eV, by level of a kind. Rows are the different labels of that
        level, in the order in which they first occur in ``types``.
    """

    types: Mapping[str, tuple[Type, ...]]
    coefficients: Mapping[Level, FloatArray]
    _rows: Mapping[Level, Mapping[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", _number_labels(self.types))

    def check(self) -> None:
        """Check that there are coefficients of every level of every type.

        Raises
        ------
        ValueError
            A kind is unknown, a type has another number of levels, or an array another shape.
        """
        for name, types in self.types.items():
            if name not in KIND_BY_NAME:
                raise ValueError(f"terms of the kind {name!r}")
            levels = len(KIND_BY_NAME[name].levels)
            if any(len(labels) != levels for labels in types):
                raise ValueError(f"types of {name} with other than {levels} levels")
        for (name, level), rows in self._rows.items():
            expected = (len(rows), len(KIND_BY_NAME[name].quantities))
            if (shape := np.shape(self.coefficients[name, level])) != expected:
                raise ValueError(f"coefficients {shape} of {name}, level {level}, not {expected}")

    def of_block(self, block: TermBlock) -> FloatArray:
        """Return the coefficients of the types of a block, (U, K), eV."""
        return np.stack([self.of_type(block.kind.name, labels) for labels in block.types])

    def of_type(self, kind: str, labels: Type) -> FloatArray:
        """Return the coefficients of one type, (K,), eV; zero for a type without a known level."""
        total = np.zeros(len(KIND_BY_NAME[kind].quantities))
        for level, label in enumerate(labels):
            row = self._rows.get((kind, level), {}).get(label)
            if row is not None:
                total += self.coefficients[kind, level][row]
        return total

    def seen(self, kind: str, labels: Type) -> bool:
        """Tell whether a type occurred in training at its finest level."""
        return labels[-1] in self._rows.get((kind, len(labels) - 1), {})


class ParameterSpace:
    """The columns of all training molecules, and the parameters that make them up.

    A column is one function of one finest type. A parameter is one function of one type of one
    level. The coefficient of a column is the sum of the parameters of its levels.

    Parameters
    ----------
    molecules
        Terms of the training molecules.
    """

    def __init__(self, molecules: Iterable[Terms]) -> None:
        self._columns: dict[tuple[str, str], int] = {}
        types: dict[str, list[Type]] = {kind.name: [] for kind in TERM_KINDS}
        self.n_columns = 0
        for terms in molecules:
            for block in terms.blocks:
                for labels in block.types:
                    if (block.kind.name, labels[-1]) not in self._columns:
                        self._columns[block.kind.name, labels[-1]] = self.n_columns
                        self.n_columns += len(block.kind.quantities)
                        types[block.kind.name].append(labels)
        self.types: dict[str, tuple[Type, ...]] = {n: tuple(t) for n, t in types.items() if t}
        self._rows = _number_labels(self.types)
        self._offsets: dict[Level, int] = {}
        spread: list[FloatArray] = [np.zeros(0)]
        self.n_parameters = 0
        for (name, level), rows in self._rows.items():
            kind = KIND_BY_NAME[name]
            self._offsets[name, level] = self.n_parameters
            self.n_parameters += len(rows) * len(kind.quantities)
            spread.append(np.tile(np.array(kind.spread) * kind.levels[level], len(rows)))
        self.spread: FloatArray = np.concatenate(spread)
        """Standard deviation of the prior of each parameter, eV, (P,)."""
        self.sums: csr_matrix = self._sums()
        """Matrix that adds up parameters, (n_columns, P)."""

    def columns_of(self, terms: Terms) -> IntArray:
        """Return the columns of a training molecule, (C,), in the order of its features."""
        starts = [
            (self._columns[block.kind.name, labels[-1]], len(block.kind.quantities))
            for block in terms.blocks
            for labels in block.types
        ]
        return np.concatenate([np.arange(start, start + k) for start, k in starts])

    def parameters(self, values: FloatArray) -> Parameters:
        """Sort a solution (P,), eV, by level and type."""
        coefficients = {}
        for level, rows in self._rows.items():
            k = len(KIND_BY_NAME[level[0]].quantities)
            start = self._offsets[level]
            coefficients[level] = values[start : start + len(rows) * k].reshape(-1, k)
        return Parameters(self.types, coefficients)

    def _sums(self) -> csr_matrix:
        rows: list[int] = []
        columns: list[int] = []
        for name, types in self.types.items():
            k = len(KIND_BY_NAME[name].quantities)
            for labels in types:
                first = self._columns[name, labels[-1]]
                for level, label in enumerate(labels):
                    start = self._offsets[name, level] + self._rows[name, level][label] * k
                    rows.extend(range(first, first + k))
                    columns.extend(range(start, start + k))
        shape = (self.n_columns, self.n_parameters)
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _number_labels(types: Mapping[str, Iterable[Type]]) -> dict[Level, dict[str, int]]:
    """Return the row of each label, by kind and level: labels are numbered as they first occur."""
    rows: dict[Level, dict[str, int]] = {}
    for kind, types_of_kind in types.items():
        for labels in types_of_kind:
            for level, label in enumerate(labels):
                numbers = rows.setdefault((kind, level), {})
                numbers.setdefault(label, len(numbers))
    return rows
