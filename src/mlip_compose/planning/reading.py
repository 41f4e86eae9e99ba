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
from typing import Final

import numpy as np

from mlip_compose.core.documents import is_file
from mlip_compose.core.errors import RequestError, UnreadableError, excerpt, one_line
from mlip_compose.molecules.recognition import perceive_bonds
from mlip_compose.planning.graphs import (
    Graph,
    graph_of_molecule,
    graph_of_rdkit,
    graph_of_smiles,
)
from mlip_compose.store.catalogue import manifest, open_dataset

Reader = Callable[[Path], Iterator[Graph]]

NAME_COLUMNS: Final = ("name", "id", "title")
"""Columns of a CSV file that name a molecule, the first that there is."""

LARGEST: Final = 500_000_000
"""Bytes of a file of molecules."""


def read_molecules(sources: Iterable[str]) -> list[Graph]:
    """Read molecules from several sources, each molecule once.

    Parameters
    ----------
    sources
        Data sets, files and SMILES, such as ``core-v1``, ``mine.smi`` and ``OCCBr``.

    Returns
    -------
    list of Graph
        In the order of the sources; of two that are the same molecule the first.

    Raises
    ------
    RequestError
        A source cannot be read, or a molecule is refused; says which, and the line.
    """
    graphs: dict[str, Graph] = {}
    for source in sources:
        for graph in _read(source):
            graphs.setdefault(graph.smiles, graph)
    return list(graphs.values())


def read_targets(sources: Iterable[str]) -> list[Graph]:
    """Read the molecules that somebody cares about; none may be there twice.

    Raises
    ------
    RequestError
        As :func:`read_molecules`; or a molecule comes twice, or there is none.
    """
    graphs: dict[str, Graph] = {}
    for source in sources:
        for graph in _read(source):
            if (first := graphs.setdefault(graph.smiles, graph)) is not graph:
                names = " and ".join(dict.fromkeys((first.name, graph.name)))
                raise RequestError(
                    "targets that are different molecules",
                    f"{graph.smiles} twice ({names})",
                    "Leave one of them out.",
                )
    if not graphs:
        raise RequestError("at least one target", "none")
    return list(graphs.values())


def _read(source: str) -> Iterator[Graph]:
    path = Path(source)
    suffix = path.suffix.lower()
    if source in manifest() or suffix in (".h5", ".hdf5"):
        yield from map(graph_of_molecule, open_dataset(source).molecules.values())
    elif suffix in READERS:
        yield from _read_file(path, READERS[suffix])
    elif is_file(path):
        types = ", ".join((*READERS, ".h5"))
        raise UnreadableError(f"a file of molecules ({types})", f"{path}, of another type")
    else:
        yield graph_of_smiles(source)


def _read_file(path: Path, reader: Reader) -> Iterator[Graph]:
    if not is_file(path):
        raise UnreadableError("a file of molecules", f"no {path}")
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"a file of at most {LARGEST / 1e6:.0f} MB", str(path))
    empty = True
    for graph in reader(path):
        empty = False
        yield graph
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


def _located(path: Path, number: int, make: Callable[[], Graph]) -> Graph:
    """Make a graph; say of which line of which file it is where that fails."""
    try:
        return make()
    except RequestError as error:
        where = f"{error.expected} in {path}, entry {number}"
        raise RequestError(where, error.found, error.hint) from error


def _read_smi(path: Path) -> Iterator[Graph]:
    for number, line in _lines(path):
        smiles, *name = line.split(maxsplit=1)
        yield _located(path, number, partial(graph_of_smiles, smiles, "".join(name).strip()))


def _read_csv(path: Path) -> Iterator[Graph]:
    lines = list(_lines(path))
    rows = csv.DictReader(line for _, line in lines)
    columns = {(column or "").strip().lower(): column for column in rows.fieldnames or ()}
    if "smiles" not in columns:
        names = ", ".join(map(str, rows.fieldnames or ())) or "no columns"
        raise UnreadableError(f"a column 'smiles' in {path}", excerpt(names))
    named = next((columns[name] for name in NAME_COLUMNS if name in columns), None)
    for number, row in enumerate(rows, 2):
        smiles = (row[columns["smiles"]] or "").strip()
        name = (row[named] or "").strip() if named else ""
        yield _located(path, number, partial(graph_of_smiles, smiles, name))


def _read_sdf(path: Path) -> Iterator[Graph]:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        for number, molecule in enumerate(Chem.SDMolSupplier(str(path), removeHs=False), 1):
            if molecule is None:
                raise RequestError(f"molecules that RDKit can read in {path}", f"entry {number}")
            name = molecule.GetProp("_Name") if molecule.HasProp("_Name") else ""
            yield _located(path, number, partial(graph_of_rdkit, molecule, name.strip()))


def _read_xyz(path: Path) -> Iterator[Graph]:
    """Yield the molecules of a file of geometries; frames with the same bonds are one molecule."""
    import ase.io

    perceived: set[tuple[object, ...]] = set()
    try:
        for number, atoms in enumerate(ase.io.iread(path, index=":", format="extxyz"), 1):
            charge = round(float(atoms.info.get("charge", 0)))
            bonds = perceive_bonds(atoms.numbers, atoms.positions)
            same = (atoms.numbers.tobytes(), bonds.tobytes(), charge)
            if same not in perceived:
                perceived.add(same)
                name = str(atoms.info.get("name", ""))
                yield _located(path, number, partial(graph_of_geometry, atoms, charge, name))
    except RequestError:
        raise
    except Exception as error:  # ASE's readers raise what they like
        raise UnreadableError(f"geometries in {path}", one_line(error)) from error


def graph_of_geometry(atoms: object, charge: int, name: str = "") -> Graph:
    """Perceive the molecule that a geometry is of, by RDKit's ``rdDetermineBonds``.

    Parameters
    ----------
    atoms
        An ``ase.Atoms`` of one molecule.
    charge
        Total charge, elementary charges.
    name
        Name of the molecule; empty for its SMILES.

    Raises
    ------
    RequestError
        The bond orders do not follow from the geometry and the charge.
    """
    from ase.data import chemical_symbols
    from rdkit import Chem
    from rdkit.Chem import rdDetermineBonds
    from rdkit.rdBase import BlockLogs

    numbers, positions = atoms.numbers, atoms.positions  # type: ignore[attr-defined]
    rows = [
        f"{chemical_symbols[number]} {x:.6f} {y:.6f} {z:.6f}"
        for number, (x, y, z) in zip(numbers, np.asarray(positions), strict=True)
    ]
    block = f"{len(rows)}\n\n" + "\n".join(rows) + "\n"
    with BlockLogs():
        try:
            molecule = Chem.MolFromXYZBlock(block)
            rdDetermineBonds.DetermineBonds(molecule, charge=charge)
            Chem.SanitizeMol(molecule)
        except (ValueError, RuntimeError) as error:
            raise RequestError(
                f"a geometry from which bond orders follow, of charge {charge}",
                f"{len(rows)} atoms: {excerpt(one_line(error))}",
                "Give the charge as charge=... in the frame, or give the molecule as SMILES.",
            ) from error
    return graph_of_rdkit(molecule, name)


READERS: Final[dict[str, Reader]] = {
    ".smi": _read_smi,
    ".smiles": _read_smi,
    ".csv": _read_csv,
    ".sdf": _read_sdf,
    ".mol": _read_sdf,
    ".xyz": _read_xyz,
    ".extxyz": _read_xyz,
}
