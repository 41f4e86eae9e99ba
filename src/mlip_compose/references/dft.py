"""Density functional theory through PySCF: restricted Kohn-Sham with density fitting.

The D3(BJ) term (Grimme et al., J. Comput. Chem. 32, 1456 (2011)) comes from simple-dftd3, which
pyscf-dispersion brings. The gradient holds the response of the integration grid, so that forces
are the derivative of the energy that is computed; that costs no more than leaving it out. The
points of the grid do not turn with the molecule: CH3F's forces (PBE, def2-SVP, level 3) change by
2.4 meV/Angstrom (root mean square) when it is turned, at level 6 by 0.01.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import MissingExtraError, RequestError, UnknownNameError, one_line
from mlip_compose.core.evaluating import Walker
from mlip_compose.core.host import one_thread
from mlip_compose.core.records import Failure, FloatArray, IntArray
from mlip_compose.core.units import HARTREE, HARTREE_PER_BOHR
from mlip_compose.references.base import Label, WalkError

NAME: Final = re.compile(r"(?P<functional>[a-z0-9_-]+?)(?P<d3>-d3bj)?/(?P<basis>[a-z0-9*+_()-]+)")
D3BJ: Final = "d3bj"
LIBRARY: Final = "pyscf.dft"
GRID_LEVEL: Final = 3
"""PySCF's default: 50 radial by 302 angular points for hydrogen, 75 by 302 for carbon."""
CONV_TOL: Final = 1e-9  # Hartree
MAX_CYCLES: Final = 100
MEMORY: Final = 8000.0  # MB; more than is needed, so that no sum is cut by what memory is free
CLOSEST: Final = 0.2  # Angstrom


class Dft:
    """Labels of density functional theory.

    Parameters
    ----------
    name
        ``<functional>-d3bj/<basis>`` or ``<functional>/<basis>``, such as ``pbe-d3bj/def2-svp``.
    grid_level
        PySCF's level of the integration grid, 0 (coarse) to 9.
    conv_tol
        Change of the energy at which the SCF is converged, Hartree.
    max_cycles
        Largest number of SCF cycles.
    auxbasis
        Basis of density fitting; by default PySCF's choice for the basis.

    Raises
    ------
    MissingExtraError
        PySCF or pyscf-dispersion is not installed.
    UnknownNameError
        PySCF has no functional or basis of this name.
    RequestError
        The name has another form, a setting is out of its range, or D3(BJ) has no parameters for
        the functional.
    """

    frames_at_once: Final = 1

    def __init__(
        self,
        name: str,
        grid_level: int = GRID_LEVEL,
        conv_tol: float = CONV_TOL,
        max_cycles: int = MAX_CYCLES,
        auxbasis: str | None = None,
    ) -> None:
        self.name = name.lower()
        words = NAME.fullmatch(self.name)
        if words is None:
            raise RequestError("a functional and a basis, such as 'pbe-d3bj/def2-svp'", repr(name))
        self.functional, self.basis = words["functional"], words["basis"]
        self.dispersion = D3BJ if words["d3"] else None
        if not (isinstance(grid_level, int) and 0 <= grid_level <= 9):
            raise RequestError("a grid_level from 0 to 9", repr(grid_level))
        if not (isinstance(conv_tol, float) and 0.0 < conv_tol <= 1e-3):
            raise RequestError("a conv_tol in Hartree above 0, at most 1e-3", repr(conv_tol))
        if not (isinstance(max_cycles, int) and max_cycles > 0):
            raise RequestError("max_cycles of 1 or more", repr(max_cycles))
        self.grid_level, self.conv_tol, self.max_cycles = grid_level, conv_tol, max_cycles
        _check(self.functional, self.basis, self.dispersion)
        if auxbasis is not None:
            _check_basis("auxiliary basis", str(auxbasis))
        self.auxbasis = auxbasis or _auxiliary_basis(self.functional, self.basis)

    @property
    def settings(self) -> Mapping[str, object]:
        """Functional, basis, dispersion, density fitting, grid and convergence."""
        return {
            "functional": self.functional,
            "basis": self.basis,
            "dispersion": self.dispersion,
            "auxbasis": self.auxbasis,
            "grid_level": self.grid_level,
            "grid_response": True,
            "conv_tol_hartree": self.conv_tol,
            "max_cycles": self.max_cycles,
        }

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry from a cold start (see ``references.base.Reference.label``).

        Multiplicities other than 1 are computed unrestricted.
        """
        try:
            return self.compute(numbers, positions, charge, spin, None)[0]
        except WalkError as error:
            return Failure("scf", self.name, str(error))

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> DftWalker:
        """Return an ASE calculator that starts each step from the density of the last step."""
        return DftWalker(self, numbers, charge, spin)

    def tighter(self) -> Dft:
        """Return the same with a grid two levels finer and an SCF converged 100 times further."""
        return Dft(
            self.name,
            grid_level=min(self.grid_level + 2, 9),
            conv_tol=self.conv_tol / 100,
            max_cycles=self.max_cycles,
            auxbasis=self.auxbasis,
        )

    def versions(self) -> Mapping[str, str]:
        """Versions of PySCF and, with D3(BJ), of pyscf-dispersion."""
        names = ("pyscf", "pyscf-dispersion") if self.dispersion else ("pyscf",)
        return {name: version(name) for name in names}

    def compute(
        self, numbers: IntArray, positions: FloatArray, charge: int, spin: int, density: Any
    ) -> tuple[Label, Any]:
        """Label one geometry from a density matrix, or with None from a cold start.

        Returns
        -------
        label
            Energy and forces.
        density
            The converged density matrix, as PySCF has it.

        Raises
        ------
        WalkError
            Two atoms are in one place, the SCF does not converge, or PySCF gives up.
        """
        from pyscf import lib

        positions = np.asarray(positions, dtype=np.float64)
        _check_distances(positions)
        with ExitStack() as stack:
            stack.enter_context(one_thread(LIBRARY))
            stack.enter_context(lib.with_omp_threads(1))
            stack.enter_context(np.errstate(all="ignore"))
            try:
                field = self._field(numbers, positions, charge, spin)
                energy = field.kernel(dm0=density)
                if not field.converged:
                    raise WalkError(f"no convergence within {self.max_cycles} cycles")
                gradient = field.nuc_grad_method()
                gradient.grid_response = True
                forces = gradient.kernel() * -HARTREE_PER_BOHR
            except (np.linalg.LinAlgError, RuntimeError) as error:
                raise WalkError(one_line(error)) from error
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise WalkError("energy or forces that are not finite")
        return Label(float(energy) * HARTREE, forces), field.make_rdm1()

    def _field(self, numbers: IntArray, positions: FloatArray, charge: int, spin: int) -> Any:
        from pyscf import dft, gto

        molecule = gto.M(
            atom=[(int(z), xyz) for z, xyz in zip(numbers, positions, strict=True)],
            unit="Angstrom",
            basis=self.basis,
            charge=int(charge),
            spin=int(spin) - 1,
            verbose=0,
            max_memory=MEMORY,
        )
        method = dft.RKS if spin == 1 else dft.UKS
        field = method(molecule, xc=self.functional)
        field._chkfile.close()  # PySCF opens a temporary file for checkpoints, which nobody reads
        field.chkfile = None
        field = field.density_fit(auxbasis=self.auxbasis)
        field.disp = self.dispersion
        field.grids.level = self.grid_level
        field.conv_tol = self.conv_tol
        field.max_cycle = self.max_cycles
        return field


class DftWalker(Walker):
    """Density functional theory for the steps of one molecule, each from the last one's density."""

    def __init__(self, reference: Dft, numbers: IntArray, charge: int, spin: int) -> None:
        super().__init__()
        self._reference = reference
        self._numbers = np.asarray(numbers)
        self._charge = charge
        self._spin = spin
        self._density: Any = None

    def compute(self, atoms: Any) -> Label:
        """Evaluate a step with the reference's own settings."""
        label, self._density = self._reference.compute(
            self._numbers, atoms.positions, self._charge, self._spin, self._density
        )
        return label


def _check_distances(positions: FloatArray) -> None:
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    if not distances.min(initial=np.inf) > CLOSEST:
        raise WalkError(f"two atoms closer than {CLOSEST} Angstrom, or positions not finite")


@cache
def _check(functional: str, basis: str, dispersion: str | None) -> None:
    """Ask PySCF's parsers, which need no network, for functional, basis and dispersion."""
    try:
        import pyscf.dft
        import pyscf.gto
    except ImportError:
        raise MissingExtraError(f"{functional}/{basis}", "pyscf", "dft") from None
    functionals = sorted(
        key.lower()
        for key in {*pyscf.dft.libxc.XC_ALIAS, *pyscf.dft.libxc.XC_CODES}
        if isinstance(key, str)
    )
    try:
        pyscf.dft.libxc.parse_xc(functional)
    except (KeyError, ValueError, NotImplementedError):
        raise UnknownNameError("functional", functional, functionals) from None
    from pyscf.scf.dispersion import parse_dft

    try:  # a name such as wb97x-d4 brings a dispersion term of its own
        other_dispersion = parse_dft(functional)[2]
    except NotImplementedError:
        other_dispersion = functional
    if other_dispersion:
        raise RequestError(
            "a functional alone, or with D3(BJ) as in pbe-d3bj",
            functional,
            "No other dispersion term is there.",
        )
    _check_basis("basis", basis)
    if dispersion is None:
        return
    try:
        from pyscf.dispersion import dftd3
    except ImportError:
        raise MissingExtraError(f"{functional}-d3bj", "pyscf-dispersion", "dft") from None
    hydrogen = pyscf.gto.M(atom="H 0 0 0; H 0 0 1", verbose=0)
    try:
        dftd3.DFTD3Dispersion(hydrogen, xc=functional, version=dispersion)
    except RuntimeError as error:
        raise RequestError(
            "a functional that D3(BJ) has parameters for",
            f"{functional!r} ({error})",
            f"Without dispersion it is {functional}/{basis}.",
        ) from None


def _check_basis(kind: str, name: str) -> None:
    import pyscf.gto

    aliases = pyscf.gto.basis.ALIAS
    if pyscf.gto.basis._format_basis_name(name) not in aliases:
        raise UnknownNameError(kind, name, sorted(aliases))


def _auxiliary_basis(functional: str, basis: str) -> str | None:
    """Return PySCF's fitting basis; None where it makes one of even-tempered functions."""
    import pyscf.gto
    from pyscf.df.addons import predefined_auxbasis

    carbon = pyscf.gto.M(atom="C 0 0 0", basis=basis, spin=2, verbose=0)
    auxiliary: str | None = predefined_auxbasis(carbon, basis, functional)
    return auxiliary
