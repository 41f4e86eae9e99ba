"""The kinds of term of the force field: their coordinates, functions and priors."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.potentials.additive import basis
from mlip_compose.potentials.additive.basis import Basis

SCALES = {"bond": 0.05, "angle": 0.1}
"""Typical thermal deviation of a bond length, Angstrom, and of the cosine of an angle."""

BONDED_REACH = 3
"""Number of bonds that the widest bonded term, a torsion, spans."""

PAIR_CUTOFF = 6.0
"""Cutoff of pairs more than three bonds apart, Angstrom. Pairs three bonds apart are within it."""


@dataclass(frozen=True)
class TermKind:
    """A kind of term.

    Attributes
    ----------
    name
        Name, such as ``bond``.
    coordinates
        Sorts of its S coordinates.
    basis
        K functions of the coordinates.
    quantities
        Names of the K coefficients.
    spread
        Standard deviation of the Gaussian prior of each coefficient at the coarsest level of type,
        eV. Most values, also of ``levels``, are rounded from an empirical-Bayes estimate on
        GFN2-xTB training frames of molecules with n <= 4. Those of the shifts and of pair-1-4 are
        set to a similar size.
    levels
        Factor of ``spread`` at each level of type, coarse to fine. A finer level corrects the
        coarser one.
    radius
        Radius of environments: if all those of a molecule occur in training, all its types do.
        None where no radius is enough.
    coupling
        Whether it couples coordinates beyond stretch-stretch and stretch-bend. A fit can leave such
        kinds out.
    """

    name: str
    coordinates: tuple[str, ...]
    basis: Basis
    quantities: tuple[str, ...]
    spread: tuple[float, ...]
    levels: tuple[float, ...]
    radius: int | None = 2
    coupling: bool = False


_WAVES = ("cos phi", "cos 2phi", "cos 3phi")


def _polynomial(
    name: str, sort: str, spread: tuple[float, ...], levels: tuple[float, ...]
) -> TermKind:
    quantities = ("linear", "quadratic", "cubic", "quartic")[: len(spread)]
    return TermKind(name, (sort,), basis.polynomial(len(spread)), quantities, spread, levels)


def _product(
    name: str, sorts: tuple[str, str], spread: float, fine: float, coupling: bool
) -> TermKind:
    return TermKind(
        name, sorts, basis.product, ("product",), (spread,), (1.0, fine), coupling=coupling
    )


def _with_torsion(name: str, sort: str, spread: tuple[float, ...]) -> TermKind:
    sorts = (sort, "torsion")
    return TermKind(name, sorts, basis.times_fourier, _WAVES, spread, (1.0, 1.0), coupling=True)


def _pair(
    name: str, powers: tuple[int, ...], cutoff: float, spread: tuple[float, ...], radius: int | None
) -> TermKind:
    functions = basis.pair_powers(powers, cutoff)
    quantities = tuple(f"power {p}" for p in powers)
    return TermKind(name, ("pair",), functions, quantities, spread, (1.0, 1.0), radius)


TERM_KINDS: tuple[TermKind, ...] = (
    _polynomial("bond", "bond", (0.03, 0.04, 0.006, 0.004), (1.0, 0.8, 0.15)),
    _polynomial("angle", "angle", (0.08, 0.02, 0.004, 0.004), (1.0, 0.6, 0.08)),
    TermKind(
        "out-of-plane",
        ("out-of-plane",),
        basis.even_powers,
        ("quadratic", "quartic"),
        (0.6, 0.06),
        (1.0, 0.5, 0.1),
    ),
    TermKind("torsion", ("torsion",), basis.fourier, _WAVES, (0.06, 0.03, 0.01), (1.0, 1.0, 0.3)),
    _polynomial("bond-shift", "bond", (0.02,), (1.0,)),
    _polynomial("angle-shift", "angle", (0.01,), (1.0,)),
    _product("stretch-stretch", ("bond", "bond"), 0.006, 0.8, coupling=False),
    _product("stretch-bend", ("bond", "angle"), 0.014, 0.5, coupling=False),
    _product("bend-bend", ("angle", "angle"), 0.004, 1.0, coupling=True),
    _with_torsion("middle-stretch-torsion", "bond", (0.01, 0.007, 0.006)),
    _with_torsion("end-stretch-torsion", "bond", (0.008, 0.007, 0.006)),
    _with_torsion("bend-torsion", "angle", (0.015, 0.008, 0.006)),
    TermKind(
        "bend-bend-torsion",
        ("angle", "angle", "torsion"),
        basis.bends_times_torsion,
        ("product", "product cos phi"),
        (0.006, 0.006),
        (1.0, 1.0),
        coupling=True,
    ),
    _pair("pair-1-4", (1, 3, 6, 9, 12), 8.0, (0.3, 0.5, 1.0, 1.0, 0.8), 3),
    _pair("pair-1-5", (6, 9, 12), PAIR_CUTOFF, (0.15, 0.06, 0.06), 3),
    _pair("pair", (6, 9, 12), PAIR_CUTOFF, (0.04, 0.04, 0.04), None),
)
KIND_BY_NAME = {kind.name: kind for kind in TERM_KINDS}
