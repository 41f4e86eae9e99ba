"""Outputs of ORCA, and files ``.engrad``, which ORCA and xtb write."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import RequestError, SchemaError, UnreadableError, one_line
from mlip_compose.store.formats.ase import DAMAGE
from mlip_compose.store.formats.base import (
    CUSTOM_OF_ASE,
    RawFrame,
    RawFrames,
    Units,
    batched,
    missing_labels,
)
from mlip_compose.store.formats.keys import ANY, Keys

ATOMIC_UNITS: Final = Units("Hartree", "Hartree/Bohr", "Bohr", stated=True)
IN_ASE: Final = CUSTOM_OF_ASE._replace(stated=True)
_MARK: Final = b"* O   R   C   A *"
_HEAD: Final = 100_000
"""Bytes at the beginning of an output in which its mark stands."""
_CHARGE: Final = re.compile(rb"^ *Total Charge +Charge +\.+ +(-?[0-9]+)", re.MULTILINE)
_SPIN: Final = re.compile(rb"^ *Multiplicity +Mult +\.+ +([0-9]+)", re.MULTILINE)


def read_orca_output(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read the output of ORCA (``.out``, ``.log``), each step of it that has a gradient.

    It is read by ``ase.io.orca.read_orca_output``, which returns eV and Angstrom. Charge and spin
    are those under ``Total Charge`` and ``Multiplicity`` of the section ``SCF SETTINGS``.

    Raises
    ------
    SchemaError
        The file is no output of ORCA.
    MissingLabelsError
        A step has no gradient: the calculation was not asked for one (``EnGrad``).
    UnreadableError
        ASE cannot read it.
    """
    _refuse_keys(path, keys)
    with path.open("rb") as file:
        if _MARK not in file.read(_HEAD):
            raise SchemaError("an output of ORCA", f"{path}, of another program")
    return batched(path, IN_ASE, _steps(path))


def _steps(path: Path) -> Iterator[RawFrame]:
    from ase.io import ParseError, iread

    content = path.read_bytes()
    charge, spin = (
        int(matches[-1]) if (matches := pattern.findall(content)) else None
        for pattern in (_CHARGE, _SPIN)
    )
    try:
        with warnings.catch_warnings():  # a relaxation that did not converge has frames, too
            warnings.simplefilter("ignore")
            images = list(iread(path, ":", format="orca-output", do_not_split_by_at_sign=True))
    except (*DAMAGE, ParseError) as error:
        raise UnreadableError(
            "an output of ORCA that ASE reads to its end", f"{path}: {one_line(error, 200)}"
        ) from error
    if not images:
        raise UnreadableError(f"steps with a geometry in {path}", "none")
    notes: tuple[str, ...] = ()
    steps = [atoms for atoms in images if _results(atoms).get("forces") is not None]
    if steps and len(steps) < len(images):  # the last step of a relaxation has an energy alone
        notes = ("steps of a relaxation that have no gradient are left out",)
        images = steps
    for index, atoms in enumerate(images):
        results = _results(atoms)
        lacking = [
            label
            for label, key in (("energies", "energy"), ("forces", "forces"))
            if results.get(key) is None
        ]
        if lacking:
            raise missing_labels(
                path, index, lacking, "an output with gradients has EnGrad in its input"
            )
        yield RawFrame(
            numbers=np.asarray(atoms.numbers),
            positions=np.asarray(atoms.positions, dtype=np.float64),
            energy=float(results["energy"]),
            forces=np.asarray(results["forces"], dtype=np.float64),
            name="",
            trajectory="",
            index_in_trajectory=-1,
            charge=charge,
            spin=spin,
            notes=notes,
        )


def _results(atoms: Any) -> Mapping[str, Any]:
    return atoms.calc.results if atoms.calc is not None else {}


def read_engrad(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read a file ``.engrad``: one energy and its gradient, in atomic units.

    Its blocks are, in this order and between lines that begin with ``#``: the number of atoms, the
    energy (Hartree), the gradient (Hartree/Bohr, one number a line), and an atomic number and
    coordinates (Bohr) a line, as ORCA's manual shows them and ``writeResultsOrca`` of xtb
    (``src/io/writer/orca.f90`` of grimme-lab/xtb) writes them. ``ase.io.orca.read_orca_engrad``
    reads the gradient alone.

    Raises
    ------
    UnreadableError
        The blocks are others, or have other lengths.
    """
    _refuse_keys(path, keys)
    try:
        lines = path.read_text("utf-8").splitlines()
        words = [line.split() for line in lines if line.strip() and line.lstrip()[:1] != "#"]
        n_atoms = int(words[0][0])
        energy = float(words[1][0])
        gradient = np.array([float(row[0]) for row in words[2 : 2 + 3 * n_atoms]])
        atoms = words[2 + 3 * n_atoms : 2 + 4 * n_atoms]
        numbers = np.array([int(row[0]) for row in atoms])
        positions = np.array([[float(value) for value in row[1:4]] for row in atoms])
        forces = -gradient.reshape(n_atoms, 3)
        positions = positions.reshape(n_atoms, 3)
    except (OSError, ValueError, LookupError) as error:
        raise UnreadableError(
            f"atoms, energy, gradient and coordinates in {path} (.engrad)", one_line(error, 200)
        ) from error
    frame = RawFrame(numbers, positions, energy, forces, "", "", -1)
    return batched(path, ATOMIC_UNITS, [frame])


def _refuse_keys(path: Path, keys: Keys) -> None:
    if keys.given:
        raise RequestError(
            f"no names of numbers for {path}, whose format has none", ", ".join(keys.given.values())
        )
