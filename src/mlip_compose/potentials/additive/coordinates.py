"""Internal coordinates of many geometries at once, with their gradients.

T counts coordinates of one sort, A the atoms of each, F frames, N atoms. Cosines stand in place of
angles: they are smooth everywhere, also at 180 degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.potentials.additive.topology import Topology

SORTS = ("bond", "angle", "torsion", "out-of-plane", "pair")
"""Sorts of coordinate: two lengths (Angstrom), two cosines and a triple product (no unit)."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates of one sort.

    Attributes
    ----------
    atoms : (T, A) int
        Indices of the atoms of each coordinate.
    values : (T, F)
        Lengths in Angstrom; cosines and triple products without a unit.
    gradients : (T, A, F, 3)
        Derivatives of the values with respect to the positions of their atoms, per Angstrom.
    """

    atoms: IntArray
    values: FloatArray
    gradients: FloatArray


def measure(
    topology: Topology, positions: FloatArray, sorts: tuple[str, ...] = SORTS
) -> Mapping[str, Coordinates]:
    """Measure the coordinates of a molecule in every frame.

    Parameters
    ----------
    topology
        Topology of the molecule.
    positions : (F, N, 3)
        Angstrom.
    sorts
        Sorts of coordinate to measure.
    """
    x = np.ascontiguousarray(positions.transpose(1, 0, 2))
    atoms = {
        "bond": topology.bonds,
        "angle": topology.angles,
        "torsion": topology.torsions,
        "out-of-plane": topology.out_of_plane,
        "pair": topology.pairs,
    }
    return {sort: _MEASURES[sort](x, _as_array(atoms[sort], _ARITY[sort])) for sort in sorts}


def _as_array(atoms: tuple[tuple[int, ...], ...], arity: int) -> IntArray:
    return np.array(atoms, dtype=np.intp).reshape(-1, arity)


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return (a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])[..., None]


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def _unit(d: FloatArray) -> tuple[FloatArray, FloatArray]:
    length = np.sqrt(_dot(d, d))
    return d / length, length


def _lengths(x: FloatArray, atoms: IntArray) -> Coordinates:
    u, r = _unit(x[atoms[:, 1]] - x[atoms[:, 0]])
    return Coordinates(atoms, r[..., 0], np.stack([-u, u], axis=1))


def _angle_cosines(x: FloatArray, atoms: IntArray) -> Coordinates:
    """Cosine of the angle at the second of three atoms."""
    u, ru = _unit(x[atoms[:, 0]] - x[atoms[:, 1]])
    v, rv = _unit(x[atoms[:, 2]] - x[atoms[:, 1]])
    c = _dot(u, v)
    ga, gc = (v - c * u) / ru, (u - c * v) / rv
    return Coordinates(atoms, c[..., 0], np.stack([ga, -ga - gc, gc], axis=1))


def _torsion_cosines(x: FloatArray, atoms: IntArray) -> Coordinates:
    """Cosine of the angle between the normals of a-b-c and b-c-d; trans is -1."""
    b1, b2, b3 = (x[atoms[:, i + 1]] - x[atoms[:, i]] for i in range(3))
    m, rm = _unit(_cross(b1, b2))
    n, rn = _unit(_cross(b2, b3))
    c = _dot(m, n)
    dm, dn = (n - c * m) / rm, (m - c * n) / rn
    g1 = _cross(b2, dm)
    g2 = _cross(dm, b1) + _cross(b3, dn)
    g3 = _cross(dn, b2)
    return Coordinates(atoms, c[..., 0], np.stack([-g1, g1 - g2, g2 - g3, g3], axis=1))


def _triple_products(x: FloatArray, atoms: IntArray) -> Coordinates:
    """Triple product of the unit vectors from the first atom to the others; 0 when planar."""
    (u, ru), (v, rv), (w, rw) = (_unit(x[atoms[:, i]] - x[atoms[:, 0]]) for i in (1, 2, 3))
    vw, wu, uv = _cross(v, w), _cross(w, u), _cross(u, v)
    t = _dot(u, vw)
    gu, gv, gw = (vw - t * u) / ru, (wu - t * v) / rv, (uv - t * w) / rw
    return Coordinates(atoms, t[..., 0], np.stack([-gu - gv - gw, gu, gv, gw], axis=1))


_MEASURES = {
    "bond": _lengths,
    "angle": _angle_cosines,
    "torsion": _torsion_cosines,
    "out-of-plane": _triple_products,
    "pair": _lengths,
}
_ARITY = {"bond": 2, "angle": 3, "torsion": 4, "out-of-plane": 4, "pair": 2}
