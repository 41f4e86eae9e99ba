"""Predictions in extended XYZ: an exported file to which another program added predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import MissingLabelsError, RequestError, UnreadableError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY
from mlip_compose.predictions.exchange.claims import (
    FORCES_TOO,
    Claim,
    NoPredictionsError,
    origin_in,
    whole_number,
)
from mlip_compose.store.formats.ase import INDEX_KEY, NAME_KEYS, structures

LABELS: Final = "REF_"
"""Prefix of the keys of an export's labels, which are no predictions."""
ENERGY: Final = "energy"
FORCES: Final = "forces"


class Keys(NamedTuple):
    """Keys of energies (in ``info``, or of a calculator) and of forces (in the arrays)."""

    energy: str
    forces: str


def read_predicted_xyz(path: Path, keys: Keys | None) -> Iterator[Claim]:
    """Read predictions from extended XYZ or an ASE trajectory.

    The keys ``molecule``, ``trajectory`` and ``frame`` of an export tell which frame is predicted.

    Parameters
    ----------
    path
        The file.
    keys
        Keys of the predictions, such as ``ml_energy`` and ``ml_forces``. None takes the only pair
        ``<prefix>energy`` and ``<prefix>forces`` of the first frame, except ``REF_``; energies and
        forces that ASE keeps in an attached calculator are such a pair, without a prefix.

    Raises
    ------
    NoPredictionsError
        The first frame has no such pair.
    RequestError
        The first frame has several such pairs.
    MissingLabelsError
        A later frame lacks an energy or forces.
    UnreadableError
        The file is truncated or not of its format, or energies and forces are no numbers.
    """
    for index, atoms, info, _ in structures(path):
        where = f"{path}, frame {index}"
        numbers = _numbers_of(atoms, info)
        keys = keys or _only_pair(path, numbers)
        energy, forces = _values(where, numbers, keys, len(atoms), first=not index)
        trajectory = str(info.get("trajectory", ""))
        place = whole_number(info.get(INDEX_KEY))
        yield Claim(
            where=where,
            molecule=next((str(info[key]) for key in NAME_KEYS if key in info), ""),
            trajectory=trajectory if trajectory in (PRIMARY, SECONDARY, MINIMUM) else "",
            frame=-1 if place is None else place,
            numbers=np.asarray(atoms.numbers),
            positions=np.asarray(atoms.positions, dtype=np.float64),
            energy=energy,
            forces=forces,
            origin=origin_in(info),
        )


def _numbers_of(atoms: Any, info: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values of a frame by key; those of an attached calculator come first."""
    results = atoms.calc.results if atoms.calc is not None else {}
    return {**info, **atoms.arrays, **results}


def _only_pair(path: Path, numbers: Mapping[str, Any]) -> Keys:
    prefixes = [key.removesuffix(ENERGY) for key in numbers if key.endswith(ENERGY)]
    pairs = [
        Keys(f"{prefix}{ENERGY}", f"{prefix}{FORCES}")
        for prefix in prefixes
        if f"{prefix}{FORCES}" in numbers
    ]
    predictions = [pair for pair in pairs if pair.energy != f"{LABELS}{ENERGY}"]
    if len(predictions) == 1:
        return predictions[0]
    expected = f"one pair of keys <prefix>energy and <prefix>forces with predictions in {path}"
    hint = "Name the keys with --energy-key and --forces-key."
    if predictions:
        raise RequestError(expected, ", ".join(pair.energy for pair in predictions), hint)
    alone = [f"{prefix}{ENERGY}" for prefix in prefixes if prefix != LABELS]
    if alone:
        raise NoPredictionsError(
            f"energies and forces in {path}", f"energies alone ({', '.join(alone)})", FORCES_TOO
        )
    keys_found = "only the labels, REF_energy and REF_forces" if pairs else "none"
    raise NoPredictionsError(expected, keys_found, hint)


def _values(
    where: str, numbers: Mapping[str, Any], keys: Keys, n_atoms: int, first: bool
) -> tuple[float, Any]:
    absent = [key for key in keys if key not in numbers]
    if absent:
        kind = NoPredictionsError if first else MissingLabelsError
        raise kind(
            f"{keys.energy} and {keys.forces} in every frame",
            f"no {' and no '.join(absent)} in {where}",
            "Write NaN for a prediction that failed.",
        )
    try:
        (energy,) = np.asarray(numbers[keys.energy], dtype=np.float64).ravel()
        forces = np.asarray(numbers[keys.forces], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UnreadableError(
            f"one number as {keys.energy} and numbers as {keys.forces} in {where}", str(error)
        ) from error
    if forces.shape != (n_atoms, 3):
        raise UnreadableError(
            f"{keys.forces} of shape ({n_atoms}, 3) in {where}", f"shape {forces.shape}"
        )
    return float(energy), forces
