"""A fitted bonded force field: prediction, and a file without code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.potentials.additive.atom_energies import Constants
from mlip_compose.potentials.additive.equilibrium import Equilibrium
from mlip_compose.potentials.additive.features import contract
from mlip_compose.potentials.additive.parameters import Parameters
from mlip_compose.potentials.additive.table import TermRow, list_terms
from mlip_compose.potentials.additive.terms import find_terms
from mlip_compose.potentials.base import check_request
from mlip_compose.potentials.files import (
    energies_by_number,
    finite,
    read_model,
    restoring,
    write_model,
)

NAME = "additive"
_VERSION = 1
_CHUNK = 64  # frames in memory at once

_Cosine = Annotated[float, Field(ge=-1.0, le=1.0)]


class _Facts(Strict):
    """Facts of a potential in ``model.json``."""

    model_config = ConfigDict(allow_inf_nan=False)

    types: dict[str, tuple[tuple[str, ...], ...]]
    levels: tuple[tuple[str, int], ...]
    bonds: dict[str, float]
    angles: dict[str, _Cosine]
    elements: dict[str, float]
    corrections: dict[str, float]
    couplings: bool
    report: dict[str, object]


class Unseen(NamedTuple):
    """Numbers of terms of a kind in a molecule: of an unseen finest type, and all."""

    unseen: int
    total: int


@dataclass(frozen=True, eq=False)
class AdditivePotential:
    """Energies of atoms by environment plus a sum of bonded and pair terms.

    Attributes
    ----------
    equilibrium
        Equilibrium values of bonds and angles.
    parameters
        Coefficients of the terms by type.
    constants
        Energies of atoms.
    couplings
        Whether it has terms that are couplings.
    report
        Facts about the fit.
    """

    equilibrium: Equilibrium
    parameters: Parameters
    constants: Constants
    couplings: bool = True
    report: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the kind."""
        return NAME

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the training molecules."""
        return frozenset(self.constants.elements)

    @single_threaded
    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, and forces (F, N, 3), eV/Angstrom."""
        positions = check_request(NAME, self.elements, molecule, positions)
        energies, forces = self.predict_terms(molecule, positions)
        return energies + self.constants.energy(molecule), forces

    def predict_terms(
        self, molecule: Molecule, positions: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, without those of atoms, and forces (F, N, 3), eV/Angstrom."""
        terms = find_terms(molecule, self.couplings)
        coefficients = [self.parameters.of_block(block) for block in terms.blocks]
        energies, forces = np.zeros(len(positions)), np.zeros(positions.shape)
        for start in range(0, len(positions), _CHUNK):
            part = slice(start, start + _CHUNK)
            x = np.asarray(positions[part], dtype=np.float64)
            energies[part], forces[part] = contract(terms, self.equilibrium, coefficients, x)
        return energies, forces

    def unseen_types(self, molecule: Molecule) -> dict[str, Unseen]:
        """Count terms of a molecule whose finest type was not in training, by kind of term.

        Such terms have the coefficients of a coarser type. A kind with a ``radius``
        (:class:`TermKind`) has none in a molecule whose environments of that radius all occur in
        training.
        """
        counts = {}
        for block in find_terms(molecule, self.couplings).blocks:
            new = np.array([not self.parameters.seen(block.kind.name, t) for t in block.types])
            counts[block.kind.name] = Unseen(int(new[block.type_of].sum()), len(block.type_of))
        return counts

    def terms(self) -> list[TermRow]:
        """List every type of term of the training, with values and units."""
        return list_terms(self.parameters, self.equilibrium)

    def save(self, directory: str | Path) -> None:
        """Write ``model.json`` (labels, equilibrium values, constants) and ``model.npz``."""
        levels = list(self.parameters.coefficients)
        facts = {
            "types": {kind: list(map(list, t)) for kind, t in self.parameters.types.items()},
            "levels": [[kind, level] for kind, level in levels],
            "bonds": dict(self.equilibrium.bonds),
            "angles": dict(self.equilibrium.angles),
            "elements": {str(z): energy for z, energy in self.constants.elements.items()},
            "corrections": dict(self.constants.corrections),
            "couplings": self.couplings,
            "report": dict(self.report),
        }
        arrays = {str(i): self.parameters.coefficients[level] for i, level in enumerate(levels)}
        write_model(directory, NAME, _VERSION, facts, arrays)


def load(directory: Path) -> AdditivePotential:
    """Restore a potential that was saved."""
    facts, arrays = read_model(directory, NAME, _VERSION)
    with restoring(NAME, directory):
        stored = _Facts.model_validate(facts)
        coefficients = finite({str(i): arrays[str(i)] for i in range(len(stored.levels))})
        parameters = Parameters(
            stored.types, {level: coefficients[str(i)] for i, level in enumerate(stored.levels)}
        )
        parameters.check()
        for kind, equilibria in (("bond", stored.bonds), ("angle", stored.angles)):
            if missing := {t[-1] for t in stored.types.get(kind, ())} - equilibria.keys():
                raise ValueError(f"no equilibrium of the {kind} {min(missing)}")
        return AdditivePotential(
            equilibrium=Equilibrium(stored.bonds, stored.angles),
            parameters=parameters,
            constants=Constants(energies_by_number(stored.elements), stored.corrections),
            couplings=stored.couplings,
            report=stored.report,
        )
