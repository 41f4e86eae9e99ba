"""Reading a store: strictly, and never more of it than is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pydantic import ValidationError

from mlip_compose.errors import (
    ChecksumError,
    CoverageError,
    SchemaError,
    UnknownNameError,
)
from mlip_compose.records import MINIMUM, Frames, IntArray, Molecule
from mlip_compose.store.checksum import file_checksum, molecule_checksum
from mlip_compose.store.files import open_hdf5
from mlip_compose.store.schema import SCHEMA, TRAJECTORIES, StoreHeader, check_molecule

_JSON_FIELDS = ("reference_settings", "sampling", "software", "failures")


class Store:
    """A data set on disk, read-only.

    Opening checks schema, layout and the checksum of the whole; a molecule's own checksum is
    checked when its frames are first read.

    Parameters
    ----------
    path
        Of the HDF5 file.

    Raises
    ------
    UnreadableError
        No such file, truncated, or not HDF5.
    SchemaError
        Not a store, of another schema version, or not in its layout.
    MissingLabelsError
        Frames without energies or forces.
    ChecksumError
        Altered since it was written.

    Attributes
    ----------
    path
        Of the file.
    header
        What the store says about itself.
    checksum
        sha256 of the content.
    molecules
        By name, in the order of the file's names.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._verified: set[str] = set()
        with self._open() as file:
            self.header = self._read_header(file)
            self.checksum = str(file.attrs["sha256"])
            sums: dict[str, str] = {}
            molecules: dict[str, Molecule] = {}
            for name in file:
                check_molecule(str(self.path), name, file[name])
                molecules[name] = self._read_molecule(name, file[name])
                sums[name] = str(file[name].attrs["sha256"])
            self._lengths: dict[tuple[str, str], int] = {
                (name, trajectory): file[name][trajectory]["energy"].shape[0]
                for name in molecules
                for trajectory in TRAJECTORIES
                if trajectory in file[name]
            }
            self._with_minimum = frozenset(name for name in molecules if MINIMUM in file[name])
        self.molecules: Mapping[str, Molecule] = molecules
        self._sums = sums
        found = file_checksum(self.header, sums.items())
        if found != self.checksum:
            raise self._altered("the file", self.checksum, found)

    @property
    def name(self) -> str:
        """Name of the data set."""
        return self.header.name

    @property
    def reference(self) -> str:
        """Level of theory of the labels."""
        return self.header.reference

    def n_frames(self, molecule: str, trajectory: str) -> int:
        """Return how many frames a trajectory has; 0 where there is none."""
        return self._lengths.get((molecule, trajectory), 0)

    @cached_property
    def total_frames(self) -> int:
        """Frames of all trajectories, minima not counted."""
        return sum(self._lengths.values())

    def has_minimum(self, molecule: str) -> bool:
        """Return whether the relaxed minimum of a molecule is there."""
        return molecule in self._with_minimum

    def frames(self, molecule: str, trajectory: str, indices: IntArray | None = None) -> Frames:
        """Return frames of one trajectory; all of them where no indices are given.

        Raises
        ------
        UnknownNameError
            No such molecule.
        CoverageError
            No such trajectory or frame.
        ChecksumError
            The molecule was altered since it was written.
        """
        self._known(molecule)
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
            self._verify(file, molecule)
            group = file[molecule][trajectory]
            return Frames(
                molecule=molecule,
                trajectory=trajectory,
                indices=wanted,
                positions=group["positions"][:][wanted],
                energy=group["energy"][:][wanted],
                forces=group["forces"][:][wanted],
            )

    def minimum(self, molecule: str) -> Frames:
        """Return the relaxed minimum as one frame; its forces are zero by definition.

        Raises
        ------
        CoverageError
            Where the store has none for this molecule.
        """
        self._known(molecule)
        if not self.has_minimum(molecule):
            raise CoverageError(f"a relaxed minimum of {molecule} in {self.path}", "none")
        with self._open() as file:
            self._verify(file, molecule)
            group = file[molecule][MINIMUM]
            positions = group["positions"][:][None]
            return Frames(
                molecule=molecule,
                trajectory=MINIMUM,
                indices=np.zeros(1, dtype=np.int64),
                positions=positions,
                energy=group["energy"][()][None],
                forces=np.zeros_like(positions),
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
                self._verify(file, name)

    def _known(self, molecule: str) -> None:
        if molecule not in self.molecules:
            raise UnknownNameError(f"molecule of {self.name}", molecule, self.molecules)

    def _verify(self, file: Any, molecule: str) -> None:
        if molecule in self._verified:
            return
        group = file[molecule]
        attributes = _attributes(group)
        expected = attributes.pop("sha256")
        arrays: dict[str, Any] = {}
        group.visititems(
            lambda path, item: (
                arrays.update({path: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
        found = molecule_checksum(attributes, {key: np.asarray(v) for key, v in arrays.items()})
        if found != expected:
            raise self._altered(f"molecule {molecule}", str(expected), found)
        self._verified.add(molecule)

    def _read_header(self, file: Any) -> StoreHeader:
        schema = file.attrs.get("schema")
        if schema != SCHEMA:
            raise SchemaError(
                f"a store of schema {SCHEMA!r}",
                f"{schema!r} in {self.path}" if schema else f"no schema in {self.path}",
                "Convert the file with the version of mlip-compose that wrote it, or build it anew."
                if schema
                else "Is this a file that `mlip-compose data build` wrote?",
            )
        attributes = {key: file.attrs[key] for key in file.attrs if key not in ("schema", "sha256")}
        try:
            for key in _JSON_FIELDS:
                attributes[key] = json.loads(attributes[key])
            return StoreHeader.model_validate(attributes)
        except (KeyError, ValueError, TypeError, ValidationError) as error:
            reason = " ".join(str(error).split())
            raise SchemaError(f"the header of a store in {self.path}", reason) from error

    def _read_molecule(self, name: str, group: Any) -> Molecule:
        attributes = _attributes(group)
        attributes.pop("sha256")
        arrays = {key: group[key][:] for key in ("numbers", "bonds", "bond_orders")}
        for array in arrays.values():
            array.flags.writeable = False
        molecule = Molecule(**attributes, **arrays)
        if molecule.name != name:
            raise SchemaError(f"molecule {molecule.name} under its own name", f"it under {name!r}")
        return molecule

    def _altered(self, what: str, expected: str, found: str) -> ChecksumError:
        return ChecksumError(
            f"sha256 {expected[:12]}... of {what} in {self.path}",
            f"{found[:12]}...",
            "The content was altered after it was written; fetch or build the file anew.",
        )

    def _open(self) -> AbstractContextManager[Any]:
        return open_hdf5(self.path, "data")


def _attributes(group: Any) -> dict[str, Any]:
    """Return a group's attributes as plain Python values."""
    return {
        key: value.item() if isinstance(value, np.generic) else value
        for key, value in group.attrs.items()
    }
