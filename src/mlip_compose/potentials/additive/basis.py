"""Functions of coordinates in which the energy of a term is linear.

A basis of K functions takes S coordinates of T terms in F frames, S arrays (T, F). It returns
values (K, T, F) and derivatives with respect to each coordinate (K, S, T, F). Bonds and angles are
deviations from their equilibrium in units of a typical thermal deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlip_compose.core.records import FloatArray

Basis = Callable[[Sequence[FloatArray]], tuple[FloatArray, FloatArray]]

PAIR_LENGTH = 2.5  # Angstrom: unit of distances, so that a coefficient of a power is in eV


def polynomial(degree: int) -> Basis:
    """Return the basis of powers x, x^2, ... up to ``degree`` of one coordinate."""

    def basis(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        (q,) = x
        powers = [np.ones_like(q)]
        for _ in range(degree):
            powers.append(powers[-1] * q)
        slopes = [k * powers[k - 1] for k in range(1, degree + 1)]
        return np.stack(powers[1:]), np.stack(slopes)[:, None]

    return basis


def product(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the product of two coordinates."""
    a, b = x
    return (a * b)[None], np.stack([b, a])[None]


def even_powers(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return x^2 and x^4: a triple product changes sign in a mirror, and the energy does not."""
    (q,) = x
    return np.stack([q**2, q**4]), np.stack([2 * q, 4 * q**3])[:, None]


def fourier(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return cos(k phi), k = 1, 2, 3, of c = cos(phi); sines change sign in a mirror."""
    (c,) = x
    values = np.stack([c, 2 * c**2 - 1, 4 * c**3 - 3 * c])
    return values, np.stack([np.ones_like(c), 4 * c, 12 * c**2 - 3])[:, None]


def times_fourier(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Multiply a bond or angle by cos(k phi), k = 1, 2, 3."""
    q, c = x
    waves, slopes = fourier([c])
    return q * waves, np.stack([waves, q * slopes[:, 0]], axis=1)


def bends_times_torsion(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Multiply the two angles of a torsion, and both by cos(phi)."""
    a, b, c = x
    values = np.stack([a * b, a * b * c])
    alone = np.stack([b, a, np.zeros_like(c)])
    return values, np.stack([alone, np.stack([b * c, a * c, a * b])])


def pair_powers(powers: tuple[int, ...], cutoff: float) -> Basis:
    """Return the basis of functions (2.5 A / r)^p (1 - (r / cutoff)^2)^2 of a distance r.

    There is a function for each power p. It is zero beyond ``cutoff``, Angstrom. The reach is
    bounded, so the energy of growing chains grows evenly.
    """

    def basis(x: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        (r,) = x
        shrink = np.where(r < cutoff, 1 - (r / cutoff) ** 2, 0.0)
        cut, cut_slope = shrink**2, -4 * shrink * r / cutoff**2
        values = np.stack([(PAIR_LENGTH / r) ** p for p in powers])
        exponents = np.array(powers, dtype=np.float64)[:, None, None]
        return values * cut, (values * cut_slope - exponents * values / r * cut)[:, None]

    return basis
