"""Forces of a calculator that computes energies alone, by central differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import RequestError
from mlip_compose.core.evaluating import energy_of
from mlip_compose.core.scratch import own_directory

ARGUMENT: Final = "numerical_forces"
"""The argument of any calculator that asks for them; the calculator itself never sees it."""

DISPLACEMENT: Final = 0.005
"""Angstrom. The forces of a C-H stretch are then within 1 meV/Angstrom, and noise of 1e-6 eV in
energies gives 0.1 meV/Angstrom; energies in single precision want a larger one."""
LARGEST: Final = 0.1  # Angstrom


class NumericalForces:
    """An ASE calculator whose forces are central differences of another's energies.

    The forces on N atoms take 6 N energies, each in a working directory of its own.

    Parameters
    ----------
    calculator
        The calculator of the energies.
    displacement
        Displacement of an atom to either side, Angstrom.
    """

    def __init__(self, calculator: Any, displacement: float = DISPLACEMENT) -> None:
        self._calculator = calculator
        self._displacement = displacement

    def __getattr__(self, name: str) -> Any:  # such as ``reset`` and ``implemented_elements``
        return getattr(self.__dict__["_calculator"], name)

    def get_potential_energy(self, atoms: Any, force_consistent: bool = False) -> float:
        """Return the energy in eV."""
        with own_directory():
            return energy_of(self._calculator, atoms)

    def get_forces(self, atoms: Any) -> NDArray[np.floating]:
        """Return the forces, (N, 3) in eV/Angstrom."""
        displaced, h = atoms.copy(), self._displacement
        forces = np.empty((len(atoms), 3))
        for place in np.ndindex(forces.shape):
            energies = []
            for position in (atoms.positions[place] - h, atoms.positions[place] + h):
                displaced.positions[place] = position
                energies.append(self.get_potential_energy(displaced))
            displaced.positions[place] = atoms.positions[place]
            forces[place] = (energies[0] - energies[1]) / (2 * h)
        return forces


def displacement_in(name: str, arguments: Mapping[str, Any]) -> float | None:
    """Return the displacement that arguments of a calculator ask for, in Angstrom; None for none.

    ``numerical_forces`` is true, or the displacement.

    Raises
    ------
    RequestError
        It is neither.
    """
    value = arguments.get(ARGUMENT)
    if value is None or value is False:
        return None
    if value is True:
        return DISPLACEMENT
    if not isinstance(value, int | float) or not 0 < value <= LARGEST:
        raise RequestError(
            f"{ARGUMENT} of {name} that is true, or a displacement up to {LARGEST} Angstrom",
            repr(value),
        )
    return float(value)
