"""Predictions of other programs for an exported task, made predictions like all others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from mlip_compose.core.errors import ChecksumError, RequestError, UnknownNameError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import MINIMUM, FloatArray, PredictedFrames, SplitKey
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.predictions.exchange.checks import (
    LabelledPredictions,
    refuse_gradients,
    refuse_labels,
    refuse_per_atom,
    refuse_shift,
    refuse_units,
)
from mlip_compose.predictions.exchange.claims import NUMBERS_OF_ORIGIN, Claim
from mlip_compose.predictions.exchange.files import (
    StatedOrigin,
    dataset_of,
    find_files,
    read_claims,
)
from mlip_compose.predictions.exchange.matching import FrameKey, match
from mlip_compose.predictions.exchange.xyz import Keys
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.predict import NOT_FINITE, count_reasons
from mlip_compose.predictions.target import target_of, tested_on
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._+-]*"


@dataclass(frozen=True)
class PredictionImport:
    """Facts of the user about predictions to import; None leaves a fact to the files.

    Attributes
    ----------
    name
        Name of the potential in results.
    task, level, seed, train_frames
        The split that the model was trained on.
    dataset
        Name of a frozen data set, or path of a store.
    energy_key, forces_key
        Keys of the predictions in extended XYZ, such as ``ml_energy`` and ``ml_forces``; both or
        none.
    energy_unit, force_unit
        Units of all numbers. None takes eV and eV/Angstrom, and checks that against the labels.
    energies_are, forces_are
        ``total`` or ``per-atom``, and ``forces`` or ``gradients``. None takes total energies and
        forces, and checks that against the labels.
    level_of_theory
        Level of theory of the labels of a model that was trained elsewhere, on none of this data.
    allow_missing
        Whether the data set may lack molecules of the task.
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
    energies_are: Literal["total", "per-atom"] | None = None
    forces_are: Literal["forces", "gradients"] | None = None
    level_of_theory: str = ""
    allow_missing: bool = False


@dataclass(frozen=True, eq=False)
class ImportedPredictions:
    """Predictions that were imported.

    Attributes
    ----------
    predictions, store
        The predictions, and their data set.
    parts
        Names of the parts of the split that are predicted, such as ``ood``.
    failed
        Number of frames whose prediction failed.
    skipped
        Files of a directory that were not taken, each with the reason.
    moved
        Number of frames that were shifted, turned, rounded or in another order of atoms.
    """

    predictions: Predictions
    store: Store
    parts: tuple[str, ...]
    failed: int
    skipped: tuple[tuple[Path, str], ...]
    moved: int = 0


def import_predictions(sources: Sequence[Path], request: PredictionImport) -> ImportedPredictions:
    """Read predictions of other programs, and match them with the frames of a split.

    Parameters
    ----------
    sources
        Files (extended XYZ, HDF5, npz), or directories of them; the ``split.json`` of an export
        may be among them.
    request
        Facts of the user about the predictions.

    Raises
    ------
    RequestError
        Files and options disagree, neither states a fact that is needed, the numbers are labels or
        in other units, or frames are wrong, missing, surplus or predicted twice.
    DataError
        A file cannot be read, or predictions are of another data set.
    """
    if not re.fullmatch(NAME, request.name):
        raise RequestError("a name of letters, digits, blanks and ._+-", repr(request.name))
    keys, conversion = _keys(request), _conversion(request)
    files = find_files(sources)
    store = open_dataset(request.dataset or dataset_of(files))
    claims, taken, skipped = read_claims(files, store, keys)
    origins = [*files.origins, *(StatedOrigin(claim.where, claim.origin) for claim in claims)]
    key, train_frames = _split(origins, request, store)
    target = target_of(store, key, train_frames, request.allow_missing)
    matches = match(claims, store, target)
    trajectories, failed = _trajectories(matches.claims, conversion)
    pairs = [_with_labels(frames, store) for frames in trajectories if frames.trajectory != MINIMUM]
    refuse_labels(pairs)
    if request.forces_are is None:
        refuse_gradients(pairs)
    if request.energies_are is None:
        refuse_per_atom(pairs)
    refuse_shift(pairs)
    refuse_units(pairs, request.energy_unit, request.force_unit)
    header = PredictionHeader(
        potential=request.name,
        role="learned",
        settings={"imported": {path.name: sha256_of(path) for path in taken}},
        **tested_on(store, key),
        train_frames=train_frames,
        level_of_theory=request.level_of_theory,
        failures=count_reasons({str(frame): NOT_FINITE for frame in failed}),
        software={"mlip-compose": version("mlip-compose")},
    )
    return ImportedPredictions(
        Predictions(header, trajectories, store.molecule_checksums),
        store,
        matches.parts,
        len(failed),
        tuple(skipped),
        matches.moved,
    )


def _keys(request: PredictionImport) -> Keys | None:
    if request.energy_key is None and request.forces_key is None:
        return None
    if request.energy_key is None or request.forces_key is None:
        raise RequestError("both --energy-key and --forces-key, or none", "one of them")
    return Keys(request.energy_key, request.forces_key)


class _Conversion(NamedTuple):
    """Factors that turn energies into eV and numbers under the name of forces into eV/Angstrom.

    ``per_atom`` says that energies are multiplied by the number of atoms, too.
    """

    energy: float
    forces: float
    per_atom: bool


def _conversion(request: PredictionImport) -> _Conversion:
    for kind, unit, units in (
        ("unit of energy", request.energy_unit, ENERGY_UNITS),
        ("unit of force", request.force_unit, FORCE_UNITS),
    ):
        if unit is not None and unit not in units:
            raise UnknownNameError(kind, unit, units)
    energy_unit, force_unit = request.energy_unit or "eV", request.force_unit or "eV/Angstrom"
    sign = -1 if request.forces_are == "gradients" else 1
    return _Conversion(
        ENERGY_UNITS[energy_unit],
        sign * FORCE_UNITS[force_unit],
        request.energies_are == "per-atom",
    )


def _split(
    origins: Sequence[StatedOrigin], request: PredictionImport, store: Store
) -> tuple[SplitKey, int]:
    """Return the split and the number of training frames, where files and options agree on them."""
    for where, origin in origins:
        checksum = origin.get("dataset_sha256", store.checksum)
        if checksum != store.checksum or origin.get("dataset", store.name) != store.name:
            raise ChecksumError(
                f"predictions of {store.name} (sha256 {store.checksum[:12]}...)",
                f"those of {origin.get('dataset', 'other data')} (sha256 {str(checksum)[:12]}...) "
                f"in {where}",
                "Predict the frames of this data set, or name the other one with --dataset.",
            )
    # the error names the first of these, in this order, that neither files nor options state
    task = str(_agreed("task", request.task, origins))
    level = int(_agreed("level", request.level, origins))
    train_frames = int(_agreed("train_frames", request.train_frames, origins))
    seed = int(_agreed("seed", request.seed, origins, 0))
    return SplitKey(task, level, seed), train_frames


def _agreed(
    key: str,
    option: str | int | None,
    origins: Sequence[StatedOrigin],
    default: int | None = None,
) -> str | int:
    """Return the value of a key where the option and all origins that state it agree."""
    values = [(where, origin[key]) for where, origin in origins if key in origin]
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


def _trajectories(
    claims: Mapping[FrameKey, Claim], conversion: _Conversion
) -> tuple[list[PredictedFrames], list[FrameKey]]:
    """Return predictions by trajectory, and the frames that failed, whose numbers are all NaN."""
    claimed: dict[tuple[str, str], list[tuple[FrameKey, Claim]]] = {}
    for key, claim in claims.items():
        claimed.setdefault((key.molecule, key.trajectory), []).append((key, claim))
    frames: list[PredictedFrames] = []
    failed: list[FrameKey] = []
    for (molecule, trajectory), pairs in claimed.items():
        energy = np.array([claim.energy for _, claim in pairs]) * conversion.energy
        forces = np.stack([claim.forces for _, claim in pairs]) * conversion.forces
        if conversion.per_atom:
            energy *= forces.shape[1]
        has_failed = ~(np.isfinite(energy) & _fits(forces).all(axis=(1, 2)))
        energy[has_failed], forces[has_failed] = np.nan, np.nan
        failed += [pairs[row][0] for row in np.flatnonzero(has_failed)]
        indices = np.array([key.frame for key, _ in pairs])
        frames.append(PredictedFrames(molecule, trajectory, indices, energy, forces))
    return frames, failed


def _fits(forces: FloatArray) -> Any:
    """Return whether values are finite as float32, in which they are written."""
    return np.abs(forces) <= np.finfo(np.float32).max


def _with_labels(frames: PredictedFrames, store: Store) -> LabelledPredictions:
    """Return the predictions of a trajectory that did not fail, with their labels."""
    labels = store.frames(frames.molecule, frames.trajectory, frames.indices)
    kept = np.isfinite(frames.energy)
    return LabelledPredictions(
        frames.energy[kept], labels.energy[kept], frames.forces[kept], labels.forces[kept]
    )
