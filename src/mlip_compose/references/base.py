"""References: levels of theory that label geometries with energies and forces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mlip_compose.core.evaluating import Evaluation, Walker
from mlip_compose.core.records import Failure, FloatArray, IntArray

Label = Evaluation
"""The energy (eV) and the forces (eV/Angstrom) that a reference gives a geometry."""


class Reference(Protocol):
    """A level of theory.

    Instances are cheap to make, picklable, and hold no state between calls.

    Attributes
    ----------
    name
        The name that is stored with every label, such as ``gfn2-xtb``.
    """

    name: str

    @property
    def frames_at_once(self) -> int:
        """Number of frames in a unit of work, which takes about a second for a middling molecule.

        It is 50 with GFN2-xTB, and 1 with density functional theory.
        """
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """All that labels depend on besides the geometry, such as ``{"accuracy": 0.1}``.

        Settings are stored with the labels.
        """
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
        charge
            Total charge, in elementary charges.
        spin
            Spin multiplicity 2S + 1.

        Returns
        -------
        Label or Failure
            A Failure of stage ``scf`` where the calculation does not converge.
        """
        ...

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> Walker:
        """Return an ASE calculator for a walk in small steps (dynamics, relaxation).

        A step may start from the wavefunction of the step before. The calculator raises
        :class:`WalkError` where a step cannot be computed.
        """
        ...

    def tighter(self) -> Reference | None:
        """Return the same level of theory, converged further; None where nothing sets that.

        The change of the labels is their numerical noise.
        """
        ...

    def versions(self) -> Mapping[str, str]:
        """Versions of the software that makes the labels, by name: ``{"tblite": "0.4.0"}``."""
        ...


class WalkError(Exception):
    """A step of a walk cannot be computed; the sampling catches it and returns a Failure."""
