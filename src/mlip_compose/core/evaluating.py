"""Energies and forces of geometries, asked of an ASE calculator that is there.

References label with a calculator and potentials predict with one; what can go wrong is the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlip_compose.core.errors import class_and_line
from mlip_compose.core.host import is_out_of_memory
from mlip_compose.core.scratch import note_failure, own_directory


class Evaluation(NamedTuple):
    """Energy and forces of one geometry.

    Attributes
    ----------
    energy : float
        Total energy, eV.
    forces : (N, 3) float64
        eV/Angstrom.
    """

    energy: float
    forces: NDArray[np.floating]


class Walker(ABC):
    """The ASE calculator of a walk in small steps: dynamics, or a relaxation, of one molecule.

    ASE asks for the forces and for the energy of a geometry in two calls. A walker holds the last
    geometry with its evaluation, so that the second call costs nothing.
    """

    def __init__(self) -> None:
        self._last: tuple[NDArray[np.floating], Evaluation] | None = None

    @abstractmethod
    def compute(self, atoms: Any) -> Evaluation:
        """Evaluate a geometry that is not the last one.

        Parameters
        ----------
        atoms
            ASE's ``Atoms``; the atoms of every call are the same, their positions differ.
        """

    def get_forces(self, atoms: Any) -> NDArray[np.floating]:
        """Return the forces on ``atoms``, (N, 3) in eV/Angstrom; the caller may change them."""
        return self._evaluate(atoms).forces.copy()

    def get_potential_energy(self, atoms: Any, force_consistent: bool = False) -> float:
        """Return the energy of ``atoms`` in eV (the forces are always consistent with it)."""
        return self._evaluate(atoms).energy

    def _evaluate(self, atoms: Any) -> Evaluation:
        if self._last is None or not np.array_equal(self._last[0], atoms.positions):
            evaluation = self.compute(atoms)
            self._last = atoms.positions.copy(), evaluation
        return self._last[1]


def as_atoms(numbers: ArrayLike, positions: ArrayLike, charge: int, spin: int) -> Any:
    """Return a geometry as ASE's ``Atoms``, with nothing but ``charge`` and ``spin`` in its info.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (N, 3) float
        Angstrom.
    charge
        Total charge, in elementary charges.
    spin
        Spin multiplicity 2S + 1.
    """
    from ase import Atoms

    return Atoms(numbers=numbers, positions=positions, info={"charge": charge, "spin": spin})


def evaluate(calculator: Any, atoms: Any) -> Evaluation | str:
    """Ask for energy and forces of one geometry; a calculator computes both at the first call.

    Returns
    -------
    Evaluation | str
        Finite numbers of the right shape, or the reason why there are none.
    """
    try:
        forces = np.array(_numbers(calculator.get_forces(atoms)), dtype=np.float64)
        energy = energy_of(calculator, atoms)
    except Exception as error:  # a calculator may raise what it likes where it does not converge
        if is_out_of_memory(error):  # which says nothing of the frame
            raise
        return class_and_line(error)
    if forces.shape != (len(atoms), 3):
        return f"forces of shape {forces.shape} for {len(atoms)} atoms"
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        return "energy or forces that are not finite"
    return Evaluation(energy, forces)


def energy_of(calculator: Any, atoms: Any) -> float:
    """Return the energy of a geometry in eV, which calculators also give as an array of one."""
    energy = np.asarray(_numbers(calculator.get_potential_energy(atoms)), dtype=np.float64)
    if energy.size != 1:
        raise ValueError(f"an energy of shape {energy.shape}")
    return float(energy.item())


def _numbers(values: Any) -> Any:
    """Return the numbers of a tensor of PyTorch, on whatever device and with a gradient or not."""
    if callable(getattr(values, "detach", None)):
        return values.detach().cpu().numpy()
    return values


def evaluate_apart(calculator: Any, atoms: Any) -> Evaluation | str:
    """Evaluate one geometry in a directory of its own, with no file of another geometry in it."""
    with own_directory():
        outcome = evaluate(calculator, atoms)
        if isinstance(outcome, str):
            note_failure()
    return outcome
