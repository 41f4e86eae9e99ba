"""What a reference (a level of theory) can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mlip_compose.core.records import Failure, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Label:
    """Energy and forces of one geometry.

    Attributes
    ----------
    energy : float
        Total energy, eV.
    forces : (N, 3) float64
        eV/Angstrom.
    """

    energy: float
    forces: FloatArray


class Reference(Protocol):
    """A level of theory. Instances are cheap to make, picklable and hold no state between calls.

    Attributes
    ----------
    name
        As stored with every label, such as ``gfn2-xtb``.
    settings
        Everything that the labels depend on besides the geometry; travels with them.
    frames_at_once
        How many frames of a middling molecule take about a second: the unit of work in labelling.
    """

    name: str

    @property
    def frames_at_once(self) -> int:
        """How many frames make a unit of work."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """The settings that travel with the labels."""
        ...

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry from a cold start, so that the label depends on the geometry alone.

        Parameters
        ----------
        numbers : (N,) int
            Atomic numbers.
        positions : (N, 3) float
            Angstrom.
        charge, spin
            Total charge and spin multiplicity.

        Returns
        -------
        Label or Failure
            A Failure of stage ``scf`` where the calculation does not converge.
        """
        ...

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> Any:
        """Return an ASE calculator for a walk in small steps (dynamics, relaxation).

        It may start from the wavefunction of the step before, and raises
        :class:`WalkError` where a step cannot be computed.
        """
        ...

    def tighter(self) -> Reference | None:
        """Return the same level of theory, converged further; None where there is no such knob.

        How much labels change is their numerical noise.
        """
        ...

    def versions(self) -> Mapping[str, str]:
        """Names and versions of the software that makes the labels."""
        ...


class WalkError(Exception):
    """A step of a walk could not be computed; caught by the sampling, which returns a Failure."""
