"""Checksums of content, not of bytes on disk: compression and HDF5's version do not change them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlip_compose.store.schema import SCHEMA, StoreHeader


def molecule_checksum(attributes: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the sha256 of a molecule: its attributes and every array with name, type and shape.

    Parameters
    ----------
    attributes
        Those of the molecule's group, without ``sha256``.
    arrays
        Keys are paths within the molecule's group, such as ``primary/energy``.
    """
    digest = hashlib.sha256(canonical_json(attributes).encode())
    for path in sorted(arrays):
        array = np.ascontiguousarray(arrays[path])
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"\n{path} {array.dtype.name} {arrays[path].shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def file_checksum(header: StoreHeader, molecules: Iterable[tuple[str, str]]) -> str:
    """Return the sha256 of a store: schema, header, and each molecule's name and checksum."""
    document = {
        "schema": SCHEMA,
        "header": header.model_dump(mode="json"),
        "molecules": sorted(molecules),
    }
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def canonical_json(document: Any) -> str:
    """Write JSON in one way only: sorted keys, no white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
