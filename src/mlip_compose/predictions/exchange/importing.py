"""Predictions of anybody's model for an exported task, made predictions like all others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import ChecksumError, RequestError, UnknownNameError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import MINIMUM, FloatArray, PredictedFrames, SplitKey
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.predictions.exchange.checks import Compared, refuse_labels, refuse_units
from mlip_compose.predictions.exchange.claims import NUMBERS_OF_ORIGIN, Claim
from mlip_compose.predictions.exchange.files import Said, dataset_of, find_files, read_claims
from mlip_compose.predictions.exchange.matching import Place, match
from mlip_compose.predictions.exchange.xyz import Keys
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.predict import NOT_FINITE, count_reasons
from mlip_compose.predictions.target import target_of, tested_on
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._+-]*"


@dataclass(frozen=True)
class ForeignRow:
    """What is said of predictions that are imported; None is taken from what the files say.

    Attributes
    ----------
    name
        Under which results show them.
    task, level, seed, train_frames
        The split that the model was trained on.
    dataset
        Name of a frozen data set, or path of a store.
    energy_key, forces_key
        Where extended XYZ has the predictions; both or none.
    energy_unit, force_unit
        Of all numbers; None takes them for eV and eV/Angstrom and holds them against the labels.
    level_of_theory
        Of the labels of a model that was trained elsewhere, and on none of this data.
    allow_missing
        Whether to go on where the data lacks molecules of the task.
    """

    name: str
    task: str | None = None
    level: int | None = None
    seed: int | None = None
    train_frames: int | None = None
    dataset: str | None = None
    energy_key: str | None = None
    forces_key: str | None = None
    energy_unit: str | None = None
    force_unit: str | None = None
    level_of_theory: str = ""
    allow_missing: bool = False


@dataclass(frozen=True, eq=False)
class ForeignPredictions:
    """What was imported.

    Attributes
    ----------
    predictions, store
        The predictions, and their data set.
    parts
        Which parts of the split there are.
    failed
        Number of frames whose prediction failed.
    left
        Files of a directory that were not taken, each with the reason.
    """

    predictions: Predictions
    store: Store
    parts: tuple[str, ...]
    failed: int
    left: tuple[tuple[Path, str], ...]


def import_predictions(sources: Sequence[Path], row: ForeignRow) -> ForeignPredictions:
    """Read predictions of others, and match them with the frames of a split.

    Parameters
    ----------
    sources
        Files (extended XYZ, HDF5, npz), or directories of them; the ``split.json`` of an export
        may be among them.
    row
        What they are.

    Raises
    ------
    RequestError
        Files and options disagree, something is not said at all, the numbers are labels or in other
        units, or frames are wrong, missing, surplus or given twice.
    DataError
        A file that cannot be read, or predictions of another data set.
    """
    if not re.fullmatch(NAME, row.name):
        raise RequestError("a name of letters, digits, blanks and ._+-", repr(row.name))
    keys, factors = _keys(row), _factors(row)
    files = find_files(sources)
    store = open_dataset(row.dataset or dataset_of(files))
    claims, taken, left = read_claims(files, store, keys)
    said = [*files.said, *((each.where, each.origin) for each in claims)]
    key, train_frames = _split(said, row, store)
    target = target_of(store, key, train_frames, row.allow_missing)
    matches = match(claims, store, target)
    frames, failed = _frames(matches.claims, factors)
    compared = [_compared(each, store) for each in frames if each.trajectory != MINIMUM]
    refuse_labels(compared)
    refuse_units(compared, row.energy_unit, row.force_unit)
    header = PredictionHeader(
        potential=row.name,
        role="learned",
        settings={"imported": {path.name: sha256_of(path) for path in taken}},
        **tested_on(store, key),
        train_frames=train_frames,
        level_of_theory=row.level_of_theory,
        failures=count_reasons({str(place): NOT_FINITE for place in failed}),
        software={"mlip-compose": version("mlip-compose")},
    )
    return ForeignPredictions(
        Predictions(header, frames, store.molecule_checksums),
        store,
        matches.parts,
        len(failed),
        tuple(left),
    )


def _keys(row: ForeignRow) -> Keys | None:
    if row.energy_key is None and row.forces_key is None:
        return None
    if row.energy_key is None or row.forces_key is None:
        raise RequestError("both --energy-key and --forces-key, or none", "one of them")
    return Keys(row.energy_key, row.forces_key)


def _factors(row: ForeignRow) -> tuple[float, float]:
    """Return what energies and forces are multiplied by."""
    for kind, unit, units in (
        ("unit of energy", row.energy_unit, ENERGY_UNITS),
        ("unit of force", row.force_unit, FORCE_UNITS),
    ):
        if unit is not None and unit not in units:
            raise UnknownNameError(kind, unit, units)
    return ENERGY_UNITS[row.energy_unit or "eV"], FORCE_UNITS[row.force_unit or "eV/Angstrom"]


def _split(said: Sequence[Said], row: ForeignRow, store: Store) -> tuple[SplitKey, int]:
    """Return the split and the number of training frames, where files and options agree on them."""
    for where, origin in said:
        checksum = origin.get("dataset_sha256", store.checksum)
        if checksum != store.checksum or origin.get("dataset", store.name) != store.name:
            raise ChecksumError(
                f"predictions of {store.name} (sha256 {store.checksum[:12]}...)",
                f"those of {origin.get('dataset', 'other data')} (sha256 {str(checksum)[:12]}...) "
                f"in {where}",
                "Predict the frames of this data set, or name the other one with --dataset.",
            )
    # in this order the first that is not said is named by the error
    task = str(_agreed("task", row.task, said))
    level = int(_agreed("level", row.level, said))
    train_frames = int(_agreed("train_frames", row.train_frames, said))
    seed = int(_agreed("seed", row.seed, said, 0))
    return SplitKey(task, level, seed), train_frames


def _agreed(
    key: str, option: str | int | None, said: Sequence[Said], default: int | None = None
) -> str | int:
    values = [(where, origin[key]) for where, origin in said if key in origin]
    if option is not None:
        values.insert(0, ("the command", option))
    flag = f"--{key.replace('_', '-')}"
    if not values:
        if default is not None:
            return default
        raise RequestError(
            f"{flag}, or frames that say their {key} as an export does",
            "neither",
            "The model's training frames make the test: predictions of a split belong to it.",
        )
    first, value = values[0]
    for where, other in values:
        if key in NUMBERS_OF_ORIGIN and not isinstance(other, int):
            raise RequestError(f"{key} as a whole number in {where}", repr(other))
        if other != value:
            raise RequestError(
                f"one {key} in all files and in {flag}",
                f"{value!r} in {first}, {other!r} in {where}",
            )
    return value


def _frames(
    claims: Mapping[Place, Claim], factors: tuple[float, float]
) -> tuple[list[PredictedFrames], list[Place]]:
    """Return predictions by trajectory, and the frames that failed, whose numbers are all NaN."""
    trajectories: dict[tuple[str, str], list[tuple[Place, Claim]]] = {}
    for place, claim in claims.items():
        trajectories.setdefault((place.molecule, place.trajectory), []).append((place, claim))
    frames: list[PredictedFrames] = []
    failed: list[Place] = []
    for (molecule, trajectory), found in trajectories.items():
        energy = np.array([claim.energy for _, claim in found]) * factors[0]
        forces = np.stack([claim.forces for _, claim in found]) * factors[1]
        bad = ~(np.isfinite(energy) & _fits(forces).all(axis=(1, 2)))
        energy[bad], forces[bad] = np.nan, np.nan
        failed += [place for (place, _), is_bad in zip(found, bad, strict=True) if is_bad]
        indices = np.array([place.frame for place, _ in found])
        frames.append(PredictedFrames(molecule, trajectory, indices, energy, forces))
    return frames, failed


def _fits(forces: FloatArray) -> Any:
    """Return whether values are finite as float32, in which they are written."""
    return np.abs(forces) <= np.finfo(np.float32).max


def _compared(frames: PredictedFrames, store: Store) -> Compared:
    labels = store.frames(frames.molecule, frames.trajectory, frames.indices)
    kept = np.isfinite(frames.energy)
    return Compared(
        frames.energy[kept], labels.energy[kept], frames.forces[kept], labels.forces[kept]
    )
