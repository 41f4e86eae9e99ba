"""Molecules from where people keep them: data sets, files, SMILES of the command line.

========================  ==================================================================
``core-v1``, ``my.h5``    a data set
``.smi``, ``.smiles``     a SMILES a line, then its name; lines that begin with # are left out
``.csv``                  a column ``smiles``, and ``name`` or ``id`` where there is one
``.sdf``, ``.mol``        structures with bonds
``.xyz``, ``.extxyz``     geometries; bonds are perceived (``charge`` from the frame, else 0)
anything else             a SMILES
========================  ==================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.documents import is_file
from mlip_compose.core.errors import RequestError, UnreadableError, excerpt, one_line
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.perception import (
    check_size,
    molecule_of_geometry,
    molecule_of_smiles,
    perceive_bonds,
)
from mlip_compose.store.catalogue import manifest, open_dataset

Reader = Callable[[Path], Iterator[Molecule]]

NAME_COLUMNS: Final = ("name", "id", "title")
"""Columns of a CSV file that name a molecule, the first that there is."""

LARGEST: Final = 500_000_000
"""Bytes of a file of molecules."""


def read_molecules(sources: Iterable[str]) -> list[Molecule]:
    """Read molecules from several sources, each molecule once.

    Parameters
    ----------
    sources
        Data sets, files and SMILES, such as ``core-v1``, ``mine.smi`` and ``OCCBr``.

    Returns
    -------
    list of Molecule
        In the order of the sources; of two that are the same molecule the first.

    Raises
    ------
    RequestError
        A source cannot be read, or a molecule is refused; says which, and the line.
    """
    molecules: dict[str, Molecule] = {}
    for source in sources:
        for molecule in _read(source):
            molecules.setdefault(molecule.smiles, molecule)
    return list(molecules.values())


def read_targets(sources: Iterable[str]) -> list[Molecule]:
    """Read the molecules that somebody cares about; none may be there twice.

    Raises
    ------
    RequestError
        As :func:`read_molecules`; or a molecule comes twice, or there is none.
    """
    molecules: dict[str, Molecule] = {}
    for source in sources:
        for molecule in _read(source):
            if (first := molecules.setdefault(molecule.smiles, molecule)) is not molecule:
                names = " and ".join(dict.fromkeys((first.name, molecule.name)))
                raise RequestError(
                    "targets that are different molecules",
                    f"{molecule.smiles} twice ({names})",
                    "Leave one of them out.",
                )
    if not molecules:
        raise RequestError("at least one target", "none")
    return list(molecules.values())


def _read(source: str) -> Iterator[Molecule]:
    path = Path(source)
    suffix = path.suffix.lower()
    if source in manifest() or suffix in (".h5", ".hdf5"):
        for molecule in open_dataset(source).molecules.values():
            yield _of_smiles(molecule.smiles, molecule.name)
    elif suffix in READERS:
        yield from _read_file(path, READERS[suffix])
    elif is_file(path):
        types = ", ".join((*READERS, ".h5"))
        raise UnreadableError(f"a file of molecules ({types})", f"{path}, of another type")
    else:
        yield _of_smiles(source)


def _read_file(path: Path, reader: Reader) -> Iterator[Molecule]:
    if not is_file(path):
        raise UnreadableError("a file of molecules", f"no {path}")
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"a file of at most {LARGEST / 1e6:.0f} MB", str(path))
    empty = True
    for molecule in reader(path):
        empty = False
        yield molecule
    if empty:
        raise UnreadableError(f"molecules in {path}", "none")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file that are not empty, with their numbers."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"text in {path}", one_line(error)) from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _located(path: Path, number: int, make: Callable[[], Molecule]) -> Molecule:
    """Make a molecule; say of which line of which file it is where that fails."""
    try:
        return make()
    except RequestError as error:
        where = f"{error.expected} in {path}, entry {number}"
        raise RequestError(where, error.found, error.hint) from error


def _of_smiles(smiles: str, name: str = "") -> Molecule:
    """Read a molecule; it is called as the list says, else by its canonical SMILES.

    Atoms are in the order of the canonical SMILES, hydrogens last: two writings of one molecule
    give the same arrays, and a drawing of the SMILES has the same atoms.
    """
    molecule = molecule_of_smiles(smiles)
    return molecule.called(name or molecule.smiles)


def _of_geometry(atoms: Any, charge: int, name: str) -> Molecule:
    return _of_smiles(molecule_of_geometry(atoms.numbers, atoms.positions, charge).smiles, name)


def _read_smi(path: Path) -> Iterator[Molecule]:
    for number, line in _lines(path):
        smiles, *name = line.split(maxsplit=1)
        yield _located(path, number, partial(_of_smiles, smiles, "".join(name).strip()))


def _read_csv(path: Path) -> Iterator[Molecule]:
    rows = csv.DictReader(line for _, line in _lines(path))
    try:
        yield from _rows(rows, path)
    except csv.Error as error:
        raise UnreadableError(f"a table in {path}", one_line(error)) from error


def _rows(rows: csv.DictReader[str], path: Path) -> Iterator[Molecule]:
    columns = {(column or "").strip().lower(): column for column in rows.fieldnames or ()}
    if "smiles" not in columns:
        names = ", ".join(map(str, rows.fieldnames or ())) or "no columns"
        raise UnreadableError(f"a column 'smiles' in {path}", excerpt(names))
    named = next((columns[name] for name in NAME_COLUMNS if name in columns), None)
    for number, row in enumerate(rows, 2):
        smiles = (row[columns["smiles"]] or "").strip()
        name = (row[named] or "").strip() if named else ""
        yield _located(path, number, partial(_of_smiles, smiles, name))


def _read_sdf(path: Path) -> Iterator[Molecule]:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            structures = Chem.SDMolSupplier(str(path)) if path.stat().st_size else ()
        except OSError as error:
            raise UnreadableError(f"structures in {path}", one_line(error)) from error
        for number, structure in enumerate(structures, 1):
            if structure is None:
                raise RequestError(f"molecules that RDKit can read in {path}", f"entry {number}")
            name = structure.GetProp("_Name") if structure.HasProp("_Name") else ""
            smiles = Chem.MolToSmiles(structure)
            yield _located(path, number, partial(_of_smiles, smiles, name.strip()))


def _read_xyz(path: Path) -> Iterator[Molecule]:
    """Yield the molecules of a file of geometries; frames with the same bonds are one molecule."""
    import ase.io

    perceived: set[tuple[object, ...]] = set()
    try:
        for number, atoms in enumerate(ase.io.iread(path, index=":", format="extxyz"), 1):
            charge = round(float(atoms.info.get("charge", 0)))
            check_size(len(atoms), f"frame {number} of {path.name}")
            bonds = perceive_bonds(atoms.numbers, atoms.positions)
            same = (atoms.numbers.tobytes(), bonds.tobytes(), charge)
            if same not in perceived:
                perceived.add(same)
                name = str(atoms.info.get("name", ""))
                yield _located(path, number, partial(_of_geometry, atoms, charge, name))
    except RequestError:
        raise
    except Exception as error:  # ASE's readers raise what they like
        raise UnreadableError(f"geometries in {path}", one_line(error)) from error


READERS: Final[dict[str, Reader]] = {
    ".smi": _read_smi,
    ".smiles": _read_smi,
    ".csv": _read_csv,
    ".sdf": _read_sdf,
    ".mol": _read_sdf,
    ".xyz": _read_xyz,
    ".extxyz": _read_xyz,
}
