"""QCSchema: results of single calculations as JSON, as QCEngine, Psi4 and QCArchive write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from mlip_compose.core.documents import parse_json
from mlip_compose.core.errors import (
    MissingLabelsError,
    RequestError,
    SchemaError,
    UnreadableError,
    one_line,
)
from mlip_compose.store.formats.base import RawFrame, RawFrames, Units, batched
from mlip_compose.store.formats.keys import ANY, Keys
from mlip_compose.store.formats.state import charge_of, spin_of

ATOMIC_UNITS: Final = Units("Hartree", "Hartree/Bohr", "Bohr", stated=True)
SCHEMAS: Final = ("qcschema_output", "qc_schema_output", "qcschema_atomic_result")
LARGEST: Final = 2**30
"""Most bytes of a file, which is read whole."""


def read_qcschema(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read a result of QCSchema (``AtomicResult``), or a list of them.

    ``driver`` is ``gradient``, ``return_result`` the gradient, ``properties.return_energy`` the
    energy, ``molecule.symbols`` and ``molecule.geometry`` the atoms; all in atomic units, as
    ``qcschema/dev/molecule.py`` and ``definitions.py`` of MolSSI/QCSchema define them. Charge and
    spin are ``molecular_charge`` and ``molecular_multiplicity``.

    Raises
    ------
    SchemaError
        The file is no QCSchema.
    MissingLabelsError
        A result has no energy or no gradient.
    UnreadableError
        The file is no JSON, or numbers have other shapes.
    RequestError
        Names are given, which this format does not take.
    """
    if keys.given:
        raise RequestError(
            f"no names of numbers for {path}, whose names QCSchema defines",
            ", ".join(keys.given.values()),
        )
    if (size := path.stat().st_size) > LARGEST:
        raise SchemaError(f"QCSchema of at most {LARGEST:,} bytes", f"{path}, {size:,} bytes")
    try:
        document = parse_json(path.read_bytes())
    except ValueError as error:
        raise UnreadableError(f"JSON in {path}", one_line(error, 200)) from error
    results = document if isinstance(document, list) else [document]
    if not results or not all(_is_result(result) for result in results):
        raise SchemaError(f"results of QCSchema ({', '.join(SCHEMAS)}) in {path}", "other JSON")
    frames = (_frame(f"result {i} of {path}", result) for i, result in enumerate(results))
    return batched(path, ATOMIC_UNITS, frames)


def _is_result(result: Any) -> bool:
    return (
        isinstance(result, dict)
        and result.get("schema_name") in SCHEMAS
        and isinstance(result.get("molecule"), dict)
    )


def _frame(where: str, result: Mapping[str, Any]) -> RawFrame:
    from ase.data import atomic_numbers

    molecule = result["molecule"]
    properties = result.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    driver = result.get("driver")
    gradient = result.get("return_result") if driver == "gradient" else None
    gradient = properties.get("return_gradient") if gradient is None else gradient
    energy = properties.get("return_energy")
    absent = [
        name for name, value in (("return_energy", energy), ("gradient", gradient)) if value is None
    ]
    if absent:
        raise MissingLabelsError(
            f"properties.return_energy and a gradient in {where}",
            f"no {' and no '.join(absent)}; the driver is {driver!r}",
        )
    try:
        numbers = np.array([atomic_numbers[str(s).capitalize()] for s in molecule["symbols"]])
        positions = np.asarray(molecule["geometry"], dtype=np.float64).reshape(len(numbers), 3)
        forces = -np.asarray(gradient, dtype=np.float64).reshape(len(numbers), 3)
        value = float(np.asarray(energy, dtype=np.float64))
    except (LookupError, TypeError, ValueError) as error:
        raise UnreadableError(
            f"symbols, geometry and gradient in {where}", one_line(error)
        ) from error
    key = "molecular_charge"
    charge = charge_of(where, (key, molecule[key])) if molecule.get(key) is not None else None
    key = "molecular_multiplicity"
    said = (key, molecule[key]) if molecule.get(key) is not None else ("", None)
    return RawFrame(
        numbers=numbers,
        positions=positions,
        energy=value,
        forces=forces,
        name="",
        trajectory="",
        index_in_trajectory=-1,
        charge=charge,
        spin=spin_of(where, said, numbers, charge or 0),
    )
