"""The schema of a store: its layout, which is checked strictly, and its checksums.

===========================  ===================  ============
path                         shape, type          unit
===========================  ===================  ============
``/`` attributes             see ``StoreHeader``, and ``schema``, ``sha256``
``/<molecule>`` attributes   smiles, inchikey, left, right, chain, charge, spin, sha256
``numbers``                  (N,) uint8
``bonds``                    (B, 2) uint8
``bond_orders``              (B,) uint8
``<trajectory>/positions``   (F, N, 3) float32    Angstrom
``<trajectory>/energy``      (F,) float64         eV
``<trajectory>/forces``      (F, N, 3) float32    eV/Angstrom
``minimum/positions``        (N, 3) float32       Angstrom
``minimum/energy``           () float64           eV
``minimum/forces``           (N, 3) float32       eV/Angstrom
===========================  ===================  ============

``<trajectory>`` is ``primary`` or ``secondary``. ``minimum/forces`` exists where the minimum was
relaxed with another level of theory than the labels', so that its forces are not zero.

A molecule that is not X-(CH2)n-Y with two of the ten named groups has another layout, that of
schema 2: ``charges`` (N,) int8, the formal charges; ``bonds`` of uint16; bond orders up to 4, for
aromatic bonds; ``left``, ``right`` and ``chain`` only where it is of a series. A store without such
a molecule is of schema 1, as it always was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from mlip_compose.core.documents import Strict, canonical_json
from mlip_compose.core.errors import MissingLabelsError, SchemaError
from mlip_compose.core.hdf5 import check_stored
from mlip_compose.core.records import (
    AROMATIC,
    MINIMUM,
    PRIMARY,
    SECONDARY,
    IntArray,
    Molecule,
)
from mlip_compose.molecules.groups import END_GROUPS

SCHEMA: Final = "mlip-compose/store/1"
OPEN_SCHEMA: Final = "mlip-compose/store/2"
"""Schema of a store with a molecule that is not of the ten groups' series."""
TRAJECTORIES: Final = (PRIMARY, SECONDARY)
GRAPH_TYPES: Final = {"numbers": np.uint8, "bonds": np.uint8, "bond_orders": np.uint8}
OPEN_TYPES: Final = {**GRAPH_TYPES, "bonds": np.uint16, "charges": np.int8}
"""The graph of a molecule that is not of the ten groups' series."""
FRAME_TYPES: Final = {"positions": np.float32, "energy": np.float64, "forces": np.float32}
MINIMUM_TYPES: Final = {"positions": np.float32, "energy": np.float64}
MINIMUM_FORCES: Final = "forces"
AT_REST: Final = 0.01
"""Largest component of a relaxed minimum's forces, eV/Angstrom; such forces are not stored."""
LABELS: Final = ("energy", "forces")
LONGEST_NAME: Final = 100
"""Characters of the name that somebody gives a molecule."""


def group_name(name: str) -> str:
    """Return the name of a molecule as that of a group and of a file: ``a_b`` for ``a/b``.

    Slashes and characters that cannot be printed are underscores. Points at the ends are taken off.
    A long name is cut.
    """
    plain = "".join(c if c.isprintable() and c != "/" else "_" for c in name.strip())
    return plain[:LONGEST_NAME].strip(". ")


class StoreHeader(Strict):
    """The facts of a data set: attributes of the file, structures as JSON.

    Attributes
    ----------
    name
        Name of the data set, such as ``mini-v1``.
    reference, reference_settings
        The level of theory of every label, and its settings.
    sampling
        The protocol that the frames were sampled with.
    software
        Versions of the software that made the data, by name.
    failures
        Molecules that could not be made and trajectories that were started anew, with the reasons.
    licence
        Licence of the data.
    """

    name: str
    reference: str
    reference_settings: dict[str, Any]
    sampling: dict[str, Any]
    software: dict[str, str]
    failures: tuple[str, ...] = ()
    licence: str = "CC BY 4.0"


_GROUP: Final = r"^[A-Za-z0-9]{1,16}$"


class MoleculeAttributes(Strict):
    """Attributes of a molecule's group (see ``records.Molecule``), and its checksum."""

    smiles: str
    inchikey: str
    left: str = Field(pattern=_GROUP)
    right: str = Field(pattern=_GROUP)
    chain: int = Field(ge=1, le=1000)
    charge: int
    spin: int = Field(ge=1)
    sha256: str


class OpenAttributes(Strict):
    """Attributes of a molecule that is not of the ten groups' series; of a series or of none."""

    smiles: str = Field(min_length=1)
    inchikey: str
    left: str | None = Field(default=None, min_length=1)
    right: str | None = Field(default=None, min_length=1)
    chain: int | None = Field(default=None, ge=1, le=1000)
    charge: int
    spin: int = Field(ge=1)
    sha256: str


_SERIES: Final = frozenset({"left", "right", "chain"})


def is_closed(molecule: Molecule) -> bool:
    """Return whether a molecule is of a series of the ten groups, and stored as of schema 1."""
    parts = molecule.parts
    return parts is not None and parts.left in END_GROUPS and parts.right in END_GROUPS


class Layout(NamedTuple):
    """The contents of a molecule's group.

    Attributes
    ----------
    attributes
        Its attributes as plain Python values.
    graph
        The ``h5py.Dataset`` of ``numbers``, ``bonds`` and ``bond_orders``, and of ``charges``
        where the molecule is not of the ten groups' series.
    lengths
        Number of frames of each trajectory, and of the minimum where there is one.
    """

    attributes: dict[str, Any]
    graph: dict[str, Any]
    lengths: dict[str, int]


def check_molecule(path: str, name: str, group: Any, schema: str = SCHEMA) -> Layout:
    """Check that a molecule's group has the layout, the types and the shapes of this schema.

    Parameters
    ----------
    path
        The file, for messages.
    name
        Name of the molecule.
    group
        The ``h5py.Group``.
    schema
        Schema of the store.

    Returns
    -------
    Layout
        The contents of the group.

    Raises
    ------
    MissingLabelsError
        A trajectory has no energies or no forces.
    SchemaError
        A member is missing, surplus, or of another type or shape.
    """
    where = f"{path}, molecule {name!r}"
    members = set(group)
    is_open = schema == OPEN_SCHEMA and "charges" in members
    attributes = attributes_of(group)
    _check_attributes(where, attributes, OpenAttributes if is_open else MoleculeAttributes)
    types = OPEN_TYPES if is_open else GRAPH_TYPES
    optional = {*TRAJECTORIES, MINIMUM}
    _same_keys(where, "members", members - optional, frozenset(types))
    if not members & set(TRAJECTORIES):
        raise SchemaError(f"frames ({' or '.join(TRAJECTORIES)}) in {where}", "none")
    graph = {"numbers": _dataset(where, group, "numbers", np.uint8, 1)}
    graph["bond_orders"] = _dataset(where, group, "bond_orders", np.uint8, 1)
    n_atoms, n_bonds = graph["numbers"].shape[0], graph["bond_orders"].shape[0]
    graph["bonds"] = _shaped(where, group, "bonds", types["bonds"], (n_bonds, 2))
    if is_open:
        graph["charges"] = _shaped(where, group, "charges", np.int8, (n_atoms,))
    lengths = {
        trajectory: _check_trajectory(f"{where}, {trajectory}", group[trajectory], n_atoms)
        for trajectory in TRAJECTORIES
        if trajectory in members
    }
    if MINIMUM in members:
        lengths[MINIMUM] = 1
        inside, minimum = f"{where}, {MINIMUM}", group[MINIMUM]
        names = set(minimum)
        _same_keys(inside, "datasets", names - {MINIMUM_FORCES}, frozenset(MINIMUM_TYPES))
        _shaped(inside, minimum, "positions", np.float32, (n_atoms, 3))
        _shaped(inside, minimum, "energy", np.float64, ())
        if MINIMUM_FORCES in names:
            _shaped(inside, minimum, MINIMUM_FORCES, np.float32, (n_atoms, 3))
    return Layout(attributes, graph, lengths)


def attributes_of(group: Any) -> dict[str, Any]:
    """Return a group's attributes as plain Python values."""
    return {
        key: value.item() if isinstance(value, np.generic) else value
        for key, value in group.attrs.items()
    }


def check_graph(
    where: str,
    numbers: IntArray,
    bonds: IntArray,
    bond_orders: IntArray,
    charges: IntArray | None = None,
) -> None:
    """Check that atomic numbers are of elements, and bonds join atoms.

    Raises
    ------
    SchemaError
        No element, no atom or no bond has such a number.
    """
    highest = 3 if charges is None else AROMATIC
    conditions = {
        "atomic numbers from 1 to 118": ((numbers >= 1) & (numbers <= 118)).all(),
        "at least one atom": len(numbers) > 0,
        f"bonds of the atoms 0 to {len(numbers) - 1}": (bonds < len(numbers)).all(),
        f"bonds of orders 1 to {highest}": ((bond_orders >= 1) & (bond_orders <= highest)).all(),
    }
    for expected, is_met in conditions.items():
        if not is_met:
            raise SchemaError(f"{expected} in {where}", "others")


def _check_attributes(where: str, attributes: dict[str, Any], model: type[Strict]) -> None:
    keys, optional = set(attributes), frozenset[str]()
    if model is OpenAttributes and not keys & _SERIES:
        optional = _SERIES
    _same_keys(where, "attributes", keys, frozenset(model.model_fields) - optional)
    try:
        model.model_validate(attributes, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise SchemaError(
            f"the attribute {'.'.join(map(str, first['loc']))} of {where}", first["msg"]
        ) from error


def _check_trajectory(where: str, group: Any, n_atoms: int) -> int:
    absent = [label for label in LABELS if label not in group]
    if absent:
        raise MissingLabelsError(
            f"{' and '.join(LABELS)} for every frame ({where})",
            f"no {' and no '.join(absent)}",
            "A potential must not be trained or tested without them; label the frames first.",
        )
    _same_keys(where, "datasets", set(group), frozenset(FRAME_TYPES))
    n_frames = int(_dataset(where, group, "energy", np.float64, 1).shape[0])
    for name in ("positions", "forces"):
        _shaped(where, group, name, np.float32, (n_frames, n_atoms, 3))
    return n_frames


def _same_keys(where: str, kind: str, keys: set[str], expected: frozenset[str]) -> None:
    if keys != expected:
        missing, surplus = sorted(expected - keys), sorted(keys - expected)
        parts = [f"no {', '.join(missing)}"] if missing else []
        parts += [f"also {', '.join(surplus)}"] if surplus else []
        raise SchemaError(
            f"the {kind} {', '.join(sorted(expected))} in {where}", " and ".join(parts)
        )


def _dataset(where: str, group: Any, name: str, dtype: Any, ndim: int) -> Any:
    dataset = group[name]
    shape = getattr(dataset, "shape", None)
    if shape is None or len(shape) != ndim or dataset.dtype != dtype:
        layout = f"shape {shape}, {getattr(dataset, 'dtype', 'no data set')}"
        raise SchemaError(f"{name} with {ndim} axes of {np.dtype(dtype).name} in {where}", layout)
    return check_stored(f"{where}, {name}", dataset)


def _shaped(where: str, group: Any, name: str, dtype: Any, shape: tuple[int, ...]) -> Any:
    dataset = _dataset(where, group, name, dtype, len(shape))
    if dataset.shape != shape:
        raise SchemaError(f"{name} of shape {shape} in {where}", f"shape {dataset.shape}")
    return dataset


def molecule_checksum(attributes: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the sha256 of a molecule: its attributes and every array with name, type and shape.

    The checksum is that of the content, not of the bytes on disk, which change with the compression
    and with the version of HDF5.

    Parameters
    ----------
    attributes
        Attributes of the molecule's group, without ``sha256``.
    arrays
        Arrays by their path within the molecule's group, such as ``primary/energy``.
    """
    digest = hashlib.sha256(canonical_json(attributes).encode())
    for path in sorted(arrays):
        array = np.ascontiguousarray(arrays[path])
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"\n{path} {array.dtype.name} {arrays[path].shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def file_checksum(
    header: StoreHeader, molecules: Iterable[tuple[str, str]], schema: str = SCHEMA
) -> str:
    """Return the sha256 of a store: schema, header, and each molecule's name and checksum."""
    document = {
        "schema": schema,
        "header": header.model_dump(mode="json"),
        "molecules": sorted(molecules),
    }
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
