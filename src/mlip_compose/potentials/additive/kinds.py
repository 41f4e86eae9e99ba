"""The kinds of term of the force field: what each depends on and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.potentials.additive import basis
from mlip_compose.potentials.additive.basis import Basis

SCALES = {"bond": 0.05, "angle": 0.1}
"""Typical thermal deviation of a bond length, Angstrom, and of the cosine of an angle."""


@dataclass(frozen=True)
class TermKind:
    """A kind of term.

    Attributes
    ----------
    name
        Such as ``bond``.
    coordinates
        The sort of each coordinate that it depends on.
    basis
        Functions of these, K of them.
    quantities
        Name of each coefficient.
    spread
        How far from zero each coefficient is expected at the coarsest level of type, eV: the
        standard deviation of its Gaussian prior. These and ``levels`` are rounded from an
        empirical-Bayes estimate on GFN2-xTB training frames of molecules with n <= 4.
    levels
        What ``spread`` is multiplied by at each level of type, coarse to fine: a finer level
        corrects the one above it.
    radius
        The types of a molecule all occur in training when every environment of this radius does;
        None when no radius is enough.
    """

    name: str
    coordinates: tuple[str, ...]
    basis: Basis
    quantities: tuple[str, ...]
    spread: tuple[float, ...]
    levels: tuple[float, ...]
    radius: int | None


_POWERS = ("linear", "quadratic", "cubic", "quartic")
_WAVES = ("cos phi", "cos 2phi", "cos 3phi")
_PAIRS = ("power 6", "power 9", "power 12")

TERM_KINDS: tuple[TermKind, ...] = (
    TermKind(
        "bond",
        ("bond",),
        basis.polynomial(4),
        _POWERS,
        (0.03, 0.04, 0.006, 0.004),
        (1.0, 0.8, 0.15),
        2,
    ),
    TermKind(
        "angle",
        ("angle",),
        basis.polynomial(4),
        _POWERS,
        (0.08, 0.02, 0.004, 0.004),
        (1.0, 0.6, 0.08),
        2,
    ),
    TermKind(
        "out-of-plane",
        ("out-of-plane",),
        basis.even_powers,
        ("quadratic", "quartic"),
        (0.6, 0.06),
        (1.0, 0.5, 0.1),
        2,
    ),
    TermKind(
        "torsion", ("torsion",), basis.fourier, _WAVES, (0.06, 0.03, 0.01), (1.0, 1.0, 0.3), 2
    ),
    TermKind("bond-shift", ("bond",), basis.polynomial(1), ("linear",), (0.02,), (1.0,), 2),
    TermKind("angle-shift", ("angle",), basis.polynomial(1), ("linear",), (0.01,), (1.0,), 2),
    TermKind(
        "stretch-stretch", ("bond", "bond"), basis.product, ("product",), (0.006,), (1.0, 0.8), 2
    ),
    TermKind(
        "stretch-bend", ("bond", "angle"), basis.product, ("product",), (0.014,), (1.0, 0.5), 2
    ),
    TermKind("bend-bend", ("angle", "angle"), basis.product, ("product",), (0.004,), (1.0, 1.0), 2),
    TermKind(
        "middle-stretch-torsion",
        ("bond", "torsion"),
        basis.times_fourier,
        _WAVES,
        (0.01, 0.007, 0.006),
        (1.0, 1.0),
        2,
    ),
    TermKind(
        "end-stretch-torsion",
        ("bond", "torsion"),
        basis.times_fourier,
        _WAVES,
        (0.008, 0.007, 0.006),
        (1.0, 1.0),
        2,
    ),
    TermKind(
        "bend-torsion",
        ("angle", "torsion"),
        basis.times_fourier,
        _WAVES,
        (0.015, 0.008, 0.006),
        (1.0, 1.0),
        2,
    ),
    TermKind(
        "bend-bend-torsion",
        ("angle", "angle", "torsion"),
        basis.bends_times_torsion,
        ("product", "product cos phi"),
        (0.006, 0.006),
        (1.0, 1.0),
        2,
    ),
    TermKind("pair-1-4", ("pair",), basis.pair_powers, _PAIRS, (1.0, 1.0, 0.8), (1.0, 1.0), 3),
    TermKind("pair-1-5", ("pair",), basis.pair_powers, _PAIRS, (0.15, 0.06, 0.06), (1.0, 1.0), 3),
    TermKind("pair", ("pair",), basis.pair_powers, _PAIRS, (0.04, 0.04, 0.04), (1.0, 1.0), None),
)
KIND_BY_NAME = {kind.name: kind for kind in TERM_KINDS}
