"""Predictions in extended XYZ: an exported file to which another program added its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import MissingLabelsError, RequestError, UnreadableError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY
from mlip_compose.predictions.exchange.claims import (
    Claim,
    NoPredictionsError,
    origin_in,
    whole_number,
)
from mlip_compose.store.formats.ase import INDEX_KEY, NAME_KEYS, structures

LABELS: Final = "REF_"
"""Prefix of the keys of an export's labels, which are nobody's predictions."""
ENERGY: Final = "energy"
FORCES: Final = "forces"


class Keys(NamedTuple):
    """Under which keys energies (``info``) and forces (arrays) are; ASE's own of a calculator."""

    energy: str
    forces: str


def read_predicted_xyz(path: Path, keys: Keys | None) -> Iterator[Claim]:
    """Read predictions from extended XYZ or an ASE trajectory.

    Frames are known by the keys ``molecule``, ``trajectory`` and ``frame`` of an export.

    Parameters
    ----------
    path
        Of the file.
    keys
        Under which predictions are. None takes the only pair ``<prefix>energy`` and
        ``<prefix>forces`` of the first frame that is not ``REF_``; energies and forces that ASE
        keeps in an attached calculator are such a pair, without a prefix.

    Raises
    ------
    NoPredictionsError
        There is none of such a pair in the first frame.
    RequestError
        There are several.
    MissingLabelsError
        A later frame lacks an energy or forces.
    UnreadableError
        Truncated, not of its format, or energies and forces that are no numbers.
    """
    for index, atoms, info in structures(path):
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
    """Return all that a frame has under a key; what a calculator has comes first."""
    results = atoms.calc.results if atoms.calc is not None else {}
    return {**info, **atoms.arrays, **results}


def _only_pair(path: Path, numbers: Mapping[str, Any]) -> Keys:
    prefixes = [key.removesuffix(ENERGY) for key in numbers if key.endswith(ENERGY)]
    pairs = [
        Keys(f"{prefix}{ENERGY}", f"{prefix}{FORCES}")
        for prefix in prefixes
        if f"{prefix}{FORCES}" in numbers
    ]
    found = [pair for pair in pairs if pair.energy != f"{LABELS}{ENERGY}"]
    if len(found) == 1:
        return found[0]
    expected = f"one pair of keys <prefix>energy and <prefix>forces with predictions in {path}"
    hint = "Name the keys with --energy-key and --forces-key."
    if found:
        raise RequestError(expected, ", ".join(pair.energy for pair in found), hint)
    what = "only the labels, REF_energy and REF_forces" if pairs else "none"
    raise NoPredictionsError(expected, what, hint)


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
