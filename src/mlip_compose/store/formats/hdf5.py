"""HDF5 files of others: ANI-1x, SPICE, QM7-X, AIMNet2, Transition1x, or names that people use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import MissingLabelsError, NotOfThisKindError, SchemaError
from mlip_compose.core.hdf5 import check_stored, open_hdf5
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.store.formats.base import (
    BATCH,
    CUSTOM_OF_ASE,
    Arrays,
    RawFrames,
    Units,
    runs_of,
)
from mlip_compose.store.formats.keys import (
    ANY,
    CHARGE_WORDS,
    NUMBERS_WORDS,
    POSITIONS_WORDS,
    SPIN_WORDS,
    Keys,
    LabelKeys,
    geometry_key,
    label_keys,
    only_pair,
    state_key,
    there,
)
from mlip_compose.store.formats.state import charge_of, spin_of

OWN: Final = "mlip-compose/"
"""First letters of the schema of files of this program."""
MOST_GROUPS: Final = 10_000_000
"""Most groups of a file; QM7-X has 4.2 million frames in as many groups."""


class _Layout(NamedTuple):
    """Names in the groups of a file, and its units.

    Attributes
    ----------
    title
        Name of the data set, for people.
    numbers, positions
        Names of the atomic numbers and the positions.
    labels
        Pairs of names of energies and forces, the levels of theory that the file has.
    units
        Units that the authors state.
    sign
        -1 where the file has gradients.
    has_gaps
        Whether frames that were not computed are NaN, and left out by the authors' own reader.
    """

    title: str
    numbers: str
    positions: str
    labels: tuple[tuple[str, str], ...]
    units: Units
    sign: float = 1.0
    has_gaps: bool = False


_EV: Final = Units("eV", "eV/Angstrom", "Angstrom", stated=True)
LAYOUTS: Final = (
    _Layout(
        "ANI-1x",
        "atomic_numbers",
        "coordinates",
        (("wb97x_dz.energy", "wb97x_dz.forces"), ("wb97x_tz.energy", "wb97x_tz.forces")),
        Units("Hartree", "Hartree/Angstrom", "Angstrom", stated=True),
        has_gaps=True,
    ),
    _Layout(
        "SPICE",
        "atomic_numbers",
        "conformations",
        (("dft_total_energy", "dft_total_gradient"),),
        Units("Hartree", "Hartree/Bohr", "Bohr", stated=True),
        sign=-1.0,
    ),
    _Layout("QM7-X", "atNUM", "atXYZ", (("ePBE0+MBD", "totFOR"),), _EV),
    _Layout(
        "Transition1x",
        "atomic_numbers",
        "positions",
        (("wB97x_6-31G(d).energy", "wB97x_6-31G(d).forces"),),
        _EV,
    ),
    _Layout("AIMNet2", "numbers", "coord", (("energy", "forces"),), _EV),
)
"""Layouts of published data sets; see :func:`read_hdf5` for where each is defined."""


class _Names(NamedTuple):
    """Names of the arrays of one group; ``charge`` and ``spin`` may be empty."""

    numbers: str
    positions: str
    energy: str
    forces: str
    charge: str
    spin: str


def read_hdf5(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read an HDF5 file of others.

    Every group with atomic numbers, positions, energies and forces is read. Layouts with units:

    - ANI-1x: ``dataloader.py`` of aiqm/ANI1x_datasets; Hartree, Hartree/Angstrom, Angstrom (Smith
      et al., Sci. Data 7, 134, 2020). Frames with NaN are left out, as that reader leaves them out.
      Where a file has both levels of theory, the user names one.
    - SPICE: ``downloader/README.md`` and ``downloader.py`` of openmm/spice-dataset; atomic units,
      gradients in place of forces. The charge is that of the group's SMILES.
    - QM7-X: names and units as in the authors' ``createDB.py`` (doi:10.5281/zenodo.4288677) and
      SchNetPack's ``QM7X``; eV and Angstrom; a group a frame.
    - Transition1x: ``transition1x/dataloader.py`` of gitlab.com/matschreiner/Transition1x
      (Schreiner et al., Sci. Data 9, 779, 2022); eV and Angstrom: it subtracts energies of atoms
      from those of the file, -13.62 for hydrogen, which is eV.
    - AIMNet2: ``docs/train.md`` of isayevlab/aimnetcentral; eV and Angstrom; ``charge`` is total.

    Other names are those that the user gives or that people use; their units are stated nowhere.

    Raises
    ------
    SchemaError
        The file is a store or predictions of this program, or has no group of frames.
    MissingLabelsError
        A group has a geometry, and no energies or no forces.
    DataError
        Several pairs of energies and forces fit.
    UnreadableError
        The file is truncated, or shapes do not fit each other.
    """
    with open_hdf5(path, "frames") as file:
        schema = str(file.attrs.get("schema", ""))
        if schema.startswith(OWN):
            raise SchemaError(
                "data of others to import",
                f"{path}, of the schema {schema}",
                "A store of mlip-compose is used as it is: name its path in place of a data set.",
            )
        first = 0
        lacking = ""
        for group in _groups(file):
            names, layout, reason = _layout(str(path), group, keys)
            if names is None:
                lacking = lacking or reason
                continue
            for run in _read_group(path, first, group, names, layout):
                yield run
                first = run.first + len(run)
        if first:
            return
        members = ", ".join(sorted(file)[:12]) or "nothing"
        if lacking:
            raise MissingLabelsError(f"energies and forces in {path}", lacking)
        titles = ", ".join(layout.title for layout in LAYOUTS)
        raise SchemaError(
            f"frames in {path} (HDF5 as of {titles}, or with names such as atomic_numbers, "
            "positions, energy, forces)",
            f"no group of frames; it has {members}",
            "Name them in a YAML file, such as {numbers: species, positions: x}, with --keys.",
        )


def _groups(file: Any) -> Iterator[Any]:
    """Yield the file and its groups, each once, in the order of their names."""
    names: list[str] = []

    def visit(name: str, item: Any) -> None:
        if not hasattr(item, "shape"):
            names.append(name)
        if len(names) > MOST_GROUPS:
            raise ValueError(f"more than {MOST_GROUPS:,} groups")

    file.visititems(visit)
    yield file
    for name in names:
        yield file[name]


def _layout(where: str, group: Any, keys: Keys) -> tuple[_Names | None, _Layout | None, str]:
    """Return the names in a group and its layout, or why it has no frames though a geometry."""
    shapes = {name: item.shape for name, item in group.items() if hasattr(item, "shape")}
    if not shapes:
        return None, None, ""
    known = next((lay for lay in LAYOUTS if _pairs(lay, shapes, keys)), None)
    labels: LabelKeys | None
    if known is not None:
        numbers, positions = known.numbers, known.positions
        labels = only_pair(where, _pairs(known, shapes, keys))
    else:
        named = (
            geometry_key(shapes, NUMBERS_WORDS, keys.numbers),
            geometry_key(shapes, POSITIONS_WORDS, keys.positions),
        )
        if named[0] is None or named[1] is None or not shapes[named[1]]:
            return None, None, ""
        numbers, positions = named[0], named[1]
        count = shapes[positions][0]
        vectors = [n for n, s in shapes.items() if s == shapes[positions] and n != positions]
        scalars = [n for n, s in shapes.items() if s in ((), (1,), (count,), (count, 1))]
        scalars = [name for name in scalars if name != numbers]
        labels = label_keys(where, scalars, vectors, keys)
        if labels is None:
            reason = f"no pair of them in {group.name}; {there(scalars, vectors)}"
            return None, None, reason
    if labels is None:
        return None, None, ""
    single = [name for name in shapes if name not in (numbers, positions)]
    charge = state_key(single, CHARGE_WORDS, keys.charge) or ""
    spin = state_key(single, SPIN_WORDS, keys.spin) or ""
    return _Names(numbers, positions, *labels, charge, spin), known, ""


def _pairs(layout: _Layout, shapes: dict[str, Any], keys: Keys) -> list[LabelKeys]:
    """Return the pairs of labels of a layout that a group has, and the user wants."""
    if not {layout.numbers, layout.positions} <= shapes.keys() or keys.numbers or keys.positions:
        return []
    return [
        LabelKeys(energy, forces)
        for energy, forces in layout.labels
        if {energy, forces} <= shapes.keys()
        and keys.energy in (None, energy)
        and keys.forces in (None, forces)
    ]


def _read_group(
    path: Path, first: int, group: Any, names: _Names, layout: _Layout | None
) -> Iterator[RawFrames]:
    where = f"{path}, {group.name}"
    array = {name: _checked(where, group, name) for name in names if name}
    positions = array[names.positions]
    single = positions.ndim == 2
    n_frames = 1 if single else int(positions.shape[0])
    n_atoms = int(positions.shape[-2]) if positions.ndim in (2, 3) else 0
    shapes = {
        names.positions: (n_frames, n_atoms, 3),
        names.energy: (n_frames,),
        names.forces: (n_frames, n_atoms, 3),
    }
    whole = array[names.numbers]
    per_frame = whole.ndim == 2 and whole.shape != (n_atoms, 1)
    note = "" if layout is None else layout.title
    notes = (
        f"the layout is that of {note}" if layout else "the layout has names of its own",
        f"energies are {names.energy}, forces {names.forces}"
        + (" with the opposite sign" if layout and layout.sign < 0 else ""),
    )
    units = CUSTOM_OF_ASE if layout is None else layout.units
    sign = 1.0 if layout is None else layout.sign
    total = _charge_of_smiles(group) if layout is not None and layout.title == "SPICE" else None

    for start in range(0, n_frames, BATCH):
        rows = slice(start, min(start + BATCH, n_frames))
        read: dict[str, FloatArray] = {}
        for name, shape in shapes.items():
            values = np.asarray(array[name][()] if single else array[name][rows], dtype=np.float64)
            expected = (rows.stop - start, *shape[1:])
            if values.size != np.prod(expected):
                raise ValueError(f"{group.name}/{name} of shape {array[name].shape}")
            read[name] = values.reshape(expected)
        numbers = _whole_numbers(where, whole[rows] if per_frame else whole[()].ravel())
        count = rows.stop - start
        charge, spin = _states(where, array, names, numbers, rows, total)
        kept = np.ones(count, dtype=bool)
        if layout is not None and layout.has_gaps:
            kept = np.isfinite(read[names.energy]) & np.isfinite(read[names.forces]).all(
                axis=(1, 2)
            )
        yield from runs_of(
            path,
            first + start,
            units,
            Arrays(
                numbers=numbers[kept] if per_frame else numbers,
                positions=read[names.positions][kept],
                energy=read[names.energy][kept],
                forces=sign * read[names.forces][kept],
                charge=None if charge is None else charge[kept],
                spin=None if spin is None else spin[kept],
            ),
            notes=notes
            if kept.all()
            else (
                *notes,
                "frames with NaN, which ANI-1x has for what was not computed, are left out",
            ),
        )


def _checked(where: str, group: Any, name: str) -> Any:
    array = check_stored(f"{where}, {name}", group[name])
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{group.name}/{name} of type {array.dtype}")
    return array


def _whole_numbers(where: str, values: Any) -> IntArray:
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f" and not (np.isfinite(numbers) & (abs(numbers) < 1000)).all():
        raise ValueError(f"atomic numbers that are none in {where}")
    whole = numbers.astype(np.int64)
    if not np.array_equal(whole, numbers):
        raise ValueError(f"atomic numbers that are no whole numbers in {where}")
    return whole


def _states(
    where: str,
    array: dict[str, Any],
    names: _Names,
    numbers: IntArray,
    rows: slice,
    total: int | None,
) -> tuple[IntArray | None, IntArray | None]:
    """Return total charges (F,) and spin multiplicities (F,); None where the file has none."""
    count = rows.stop - rows.start
    charge = None if total is None else np.full(count, total)
    spin = None
    if names.charge:
        values = _per_frame(array[names.charge], rows)
        charge = np.array([charge_of(where, (names.charge, value)) for value in values])
    if names.spin:
        values = _per_frame(array[names.spin], rows)
        atoms = np.broadcast_to(numbers, (count, numbers.shape[-1]))
        totals = np.zeros(count, dtype=int) if charge is None else charge
        spin = np.array(
            [
                spin_of(where, (names.spin, value), row, int(own))
                for value, row, own in zip(values, atoms, totals, strict=True)
            ]
        )
    return charge, spin


def _per_frame(array: Any, rows: slice) -> FloatArray:
    """Return one number a frame, of an array that has one for each or one for all."""
    values = array[()] if array.size == 1 else array[rows]
    return np.broadcast_to(np.asarray(values).ravel(), (rows.stop - rows.start,))


def _charge_of_smiles(group: Any) -> int | None:
    """Return the sum of the formal charges in the group's SMILES; None where it has none."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if "smiles" not in group:
        return None
    (text,) = np.asarray(group["smiles"][()]).ravel()[:1]
    with BlockLogs():
        molecule = Chem.MolFromSmiles(
            text.decode() if isinstance(text, bytes) else str(text), sanitize=False
        )
    if molecule is None:
        raise NotOfThisKindError(f"a SMILES in {group.name}", str(text)[:80])
    return int(sum(atom.GetFormalCharge() for atom in molecule.GetAtoms()))
