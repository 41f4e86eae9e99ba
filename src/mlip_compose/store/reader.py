"""Reading a store: strictly, and no more of it than the caller asks for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mlip_compose.core.errors import (
    ChecksumError,
    CoverageError,
    SchemaError,
    UnknownNameError,
    one_line,
)
from mlip_compose.core.hdf5 import open_hdf5
from mlip_compose.core.records import MINIMUM, Frames, IntArray, Molecule, Parts
from mlip_compose.store.schema import (
    MINIMUM_FORCES,
    OPEN_SCHEMA,
    SCHEMA,
    TRAJECTORIES,
    Layout,
    StoreHeader,
    attributes_of,
    check_graph,
    check_molecule,
    file_checksum,
    molecule_checksum,
)

_JSON_FIELDS = ("reference_settings", "sampling", "software", "failures")


class Store:
    """A data set on disk, read-only.

    Opening checks schema, layout and the checksum of the whole. The checksum of a molecule is
    checked when its frames are first read.

    Parameters
    ----------
    path
        The HDF5 file.

    Raises
    ------
    UnreadableError
        The file does not exist, is truncated, or is not HDF5.
    SchemaError
        The file is no store, has another schema version, or is not in its layout.
    MissingLabelsError
        Frames have no energies or no forces.
    ChecksumError
        The content was altered since it was written.

    Attributes
    ----------
    path
        The file.
    header
        Name, reference, sampling and origin of the data set.
    checksum
        sha256 of the content.
    molecules
        Molecules by name, in the order of their names.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._verified: set[str] = set()
        self._file_identity: tuple[int, ...] = ()
        self._kept: Any = None
        with open_hdf5(self.path, "data") as file:
            self.header = self._read_header(file)
            schema = str(file.attrs["schema"])
            self.checksum = str(file.attrs["sha256"])
            sums: dict[str, str] = {}
            molecules: dict[str, Molecule] = {}
            lengths: dict[tuple[str, str], int] = {}
            for name in file:
                group = file[name]
                layout = check_molecule(str(self.path), name, group, schema)
                lengths |= {(name, trajectory): n for trajectory, n in layout.lengths.items()}
                molecules[name], sums[name] = self._read_molecule(name, layout)
        self._with_minimum = frozenset(
            name for name, trajectory in lengths if trajectory == MINIMUM
        )
        self._lengths = {key: n for key, n in lengths.items() if key[1] != MINIMUM}
        self.molecules: Mapping[str, Molecule] = molecules
        self._sums = sums
        content = file_checksum(self.header, sums.items(), schema)
        if content != self.checksum:
            raise self._altered("the file", self.checksum, content)

    @property
    def file(self) -> StoreFile:
        """The store as worker processes are told of it."""
        return StoreFile(self.path.absolute(), self.checksum)

    @property
    def name(self) -> str:
        """Name of the data set."""
        return self.header.name

    @property
    def reference(self) -> str:
        """Level of theory of the labels."""
        return self.header.reference

    def n_frames(self, molecule: str, trajectory: str) -> int:
        """Return the number of frames of a trajectory; 0 where the store has none."""
        return self._lengths.get((molecule, trajectory), 0)

    @cached_property
    def total_frames(self) -> int:
        """Number of frames of all trajectories; minima do not count."""
        return sum(self._lengths.values())

    @property
    def frames_by_trajectory(self) -> dict[str, int]:
        """Number of frames of each trajectory, over all molecules."""
        return {
            trajectory: sum(self.n_frames(name, trajectory) for name in self.molecules)
            for trajectory in TRAJECTORIES
        }

    def trajectories(self, molecule: str) -> Iterator[Frames]:
        """Yield the whole trajectories of a molecule (see ``frames``)."""
        for trajectory in TRAJECTORIES:
            if self.n_frames(molecule, trajectory):
                yield self.frames(molecule, trajectory)

    def has_minimum(self, molecule: str) -> bool:
        """Return whether the store has the relaxed minimum of a molecule."""
        return molecule in self._with_minimum

    def frames(self, molecule: str, trajectory: str, indices: IntArray | None = None) -> Frames:
        """Return frames of one trajectory, or all of its frames.

        Parameters
        ----------
        molecule, trajectory
            Names, such as ``OH-4-H`` and ``primary``.
        indices : (F,) int, optional
            Indices of frames in the trajectory, in any order.

        Raises
        ------
        UnknownNameError
            The store has no such molecule.
        CoverageError
            The store has no such trajectory or frame.
        ChecksumError
            The molecule was altered since it was written.
        """
        self._check_name(molecule)
        length = self.n_frames(molecule, trajectory)
        if not length:
            raise CoverageError(f"a {trajectory} trajectory of {molecule} in {self.path}", "none")
        wanted = np.arange(length) if indices is None else np.asarray(indices)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= length):
            raise CoverageError(
                f"frames 0..{length - 1} of {molecule}/{trajectory} in {self.path}",
                f"a request for frames {wanted.min()}..{wanted.max()}",
            )
        with self._open() as file:
            group = file[molecule]
            source = self._verify(group, molecule) or group
            first, end = (int(wanted.min()), int(wanted.max()) + 1) if len(wanted) else (0, 0)
            return Frames(
                molecule,
                trajectory,
                wanted,
                *(
                    source[f"{trajectory}/{label}"][first:end][wanted - first]
                    for label in ("positions", "energy", "forces")
                ),
            )

    def minimum(self, molecule: str) -> Frames:
        """Return the relaxed minimum as one frame.

        Its forces are zero by definition, unless it was relaxed with another level of theory.

        Raises
        ------
        CoverageError
            The store has no minimum of this molecule.
        """
        self._check_name(molecule)
        if not self.has_minimum(molecule):
            raise CoverageError(f"a relaxed minimum of {molecule} in {self.path}", "none")
        with self._open() as file:
            self._verify(file[molecule], molecule)
            group = file[molecule][MINIMUM]
            positions = group["positions"][:][None]
            return Frames(
                molecule=molecule,
                trajectory=MINIMUM,
                indices=np.zeros(1, dtype=np.int64),
                positions=positions,
                energy=group["energy"][()][None],
                forces=group[MINIMUM_FORCES][:][None]
                if MINIMUM_FORCES in group
                else np.zeros_like(positions),
            )

    @property
    def molecule_checksums(self) -> Mapping[str, str]:
        """The stored sha256 of each molecule, by name."""
        return self._sums

    def verify(self) -> None:
        """Check every molecule's content against its checksum.

        Raises
        ------
        ChecksumError
            At the first molecule that was altered.
        """
        with self._open() as file:
            for name in self.molecules:
                self._verify(file[name], name)

    def _check_name(self, molecule: str) -> None:
        if molecule not in self.molecules:
            raise UnknownNameError(f"molecule of {self.name}", molecule, self.molecules)

    def _verify(self, group: Any, molecule: str) -> dict[str, NDArray[Any]]:
        """Check a molecule's content once; return the content by path the first time, then nothing.

        The checksum must be the one of the time when the store was opened: another file may have
        taken its place since.
        """
        self._notice_change(group.file)
        if molecule in self._verified:
            return {}
        attributes = attributes_of(group)
        del attributes["sha256"]
        expected = self._sums[molecule]
        arrays: dict[str, NDArray[Any]] = {}
        group.visititems(
            lambda path, item: (
                arrays.update({path: np.asarray(item[()])})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
        checksum = molecule_checksum(attributes, arrays)
        if checksum != expected:
            raise self._altered(f"molecule {molecule}", str(expected), checksum)
        self._verified.add(molecule)
        return arrays

    def _notice_change(self, file: Any) -> None:
        """Check molecules anew where the file was written, or replaced, since it was read last."""
        status = os.fstat(file.id.get_vfd_handle())
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if identity != self._file_identity:
            self._verified.clear()
            self._file_identity = identity

    def _read_header(self, file: Any) -> StoreHeader:
        schema = file.attrs.get("schema")
        if schema not in (SCHEMA, OPEN_SCHEMA):
            raise SchemaError(
                f"a store of schema {SCHEMA!r} or {OPEN_SCHEMA!r}",
                f"{schema!r} in {self.path}" if schema else f"no schema in {self.path}",
                "Convert the file with the version of mlip-compose that wrote it, or build it anew."
                if schema
                else "Data of others are made a store by `mlip-compose data import`.",
            )
        attributes = {key: file.attrs[key] for key in file.attrs if key not in ("schema", "sha256")}
        try:
            for key in _JSON_FIELDS:
                attributes[key] = json.loads(attributes[key])
            return StoreHeader.model_validate(attributes)
        except (KeyError, ValueError, TypeError, ValidationError) as error:
            reason = one_line(error)
            raise SchemaError(f"the header of a store in {self.path}", reason) from error

    def _read_molecule(self, name: str, layout: Layout) -> tuple[Molecule, str]:
        """Return a molecule and its checksum."""
        attributes = layout.attributes
        where = f"{self.path}, molecule {name!r}"
        arrays = {key: dataset[:] for key, dataset in layout.graph.items()}
        check_graph(where, **arrays)
        arrays.setdefault("charges", np.zeros(len(arrays["numbers"]), dtype=np.int8))
        for array in arrays.values():
            array.flags.writeable = False
        parts = None
        if "left" in attributes:
            parts = Parts(attributes["left"], attributes["chain"], attributes["right"])
        if parts is not None and parts.name != name:
            raise SchemaError(f"molecule {parts.name} under its own name", f"it under {name!r}")
        if attributes["charge"] != arrays["charges"].sum():
            charge = f"{arrays['charges'].sum():+d}, the sum of its formal charges"
            raise SchemaError(f"the charge {charge}, in {where}", f"{attributes['charge']:+d}")
        molecule = Molecule(
            name=name,
            smiles=attributes["smiles"],
            inchikey=attributes["inchikey"],
            spin=attributes["spin"],
            parts=parts,
            **arrays,
        )
        return molecule, str(attributes["sha256"])

    def _altered(self, part: str, expected: str, checksum: str) -> ChecksumError:
        return ChecksumError(
            f"sha256 {expected[:12]}... of {part} in {self.path}",
            f"{checksum[:12]}...",
            "The content was altered after it was written, or while it was used; fetch or build "
            "the file anew, or run again where another data set took its place.",
        )

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the file open while frames of many molecules are read."""
        with self._open() as self._kept:
            try:
                yield
            finally:
                self._kept = None

    def _open(self) -> AbstractContextManager[Any]:
        if self._kept is not None:
            return nullcontext(self._kept)
        return open_hdf5(self.path, "data", links_checked=True)


@dataclass(frozen=True)
class StoreFile:
    """A store by path and checksum: what a worker process is told of it.

    Attributes
    ----------
    path
        Absolute path of the file.
    checksum
        sha256 of the content.
    """

    path: Path
    checksum: str

    def open(self) -> Store:
        """Open the store, once in each process.

        Raises
        ------
        ChecksumError
            Another data set is in the place of the one that the work was planned on.
        """
        return _store_of(self)


@lru_cache(maxsize=2)
def _store_of(file: StoreFile) -> Store:
    store = Store(file.path)
    if store.checksum != file.checksum:
        raise ChecksumError(
            f"{file.path} with sha256 {file.checksum[:12]}..., as when this run began",
            f"{store.checksum[:12]}...",
            "The data set was replaced; run again to have results of the new one.",
        )
    return store
