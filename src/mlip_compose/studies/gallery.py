"""The gallery of a study, made from its files of predictions and its data set."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mlip_compose.core.errors import SchemaError, UnreadableError, one_line
from mlip_compose.core.files import write_text
from mlip_compose.core.records import TEST_PARTS, FloatArray, Frames, Molecule, PredictedFrames
from mlip_compose.core.units import EV_IN_MEV
from mlip_compose.evaluation.gallery import (
    FORCE_STEP,
    LENGTH_STEP,
    Codes,
    Gallery,
    GalleryFrame,
    GalleryMember,
    GalleryMolecule,
    GalleryPotential,
    GallerySet,
    choose,
    encode,
    quantise,
)
from mlip_compose.evaluation.metrics import is_usable
from mlip_compose.molecules.perception import kekulised
from mlip_compose.predictions.file import Predictions, predictions_checksum
from mlip_compose.predictions.scoring import predicted_frames
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.gallery_archive import restored_predictions
from mlip_compose.studies.repairs import derived, read_derived_predictions
from mlip_compose.tasks.coverage import environments_of, unseen_atoms

NOTHING_ARCHIVED: Final[Mapping[str, str]] = {}
ROLES: Final = ("learned", "feasibility", "scale")
"""Order of the potentials in a set; within a role that of the study."""


@dataclass(frozen=True, eq=False)
class GalleryRow:
    """A potential that a study shows on one split.

    Attributes
    ----------
    target
        The frames that it predicted.
    coverage_radius
        r* of the split.
    potential
        Name of the potential in results.
    """

    target: Target
    coverage_radius: int
    potential: str


def update_gallery(
    rows: Iterable[GalleryRow],
    store: Store,
    directory: ResultsDirectory,
    archived: Mapping[str, str] = NOTHING_ARCHIVED,
) -> tuple[Gallery, bool]:
    """Return the gallery of a study, and whether it was made now.

    Of several seeds the gallery has the first of each task and level. The file is left as it is
    where it was made from these very predictions. In an archive, which has no predictions, a set
    keeps its frames, and its forces of the potentials that have no predictions there; a potential
    that the set does not have is left out.

    Parameters
    ----------
    rows
        All targets of ordinary trainings that ended, in the order of the study.
    store, directory
        The data set, and the results.
    archived
        Checksums of the predictions that an archive left out, by the ids of their targets.

    Raises
    ------
    DamagedError
        Predictions cannot be read.
    """
    splits: dict[tuple[str, int], list[GalleryRow]] = {}
    for row in rows:
        first_seed = splits.setdefault((row.target.split.task, row.target.level), [])
        if not first_seed or first_seed[0].target.seed == row.target.seed:
            first_seed.append(row)
    absent = {
        name: checksum
        for name, checksum in archived.items()
        if not directory.predictions(name).is_file()
    }
    names = [row.target.id for split_rows in splits.values() for row in split_rows]
    sources = {name: absent.get(name) or _checksum(directory, name) for name in names}
    kept = read_kept(directory.gallery, Gallery, directory)
    if kept and (kept.dataset_sha256, kept.sources) == (store.checksum, sources):
        return kept, False
    sets = tuple(
        gallery_set
        for split_rows in splits.values()
        if (gallery_set := _set(split_rows, store, directory, absent, kept))
    )
    molecules = sorted({member.molecule for gallery_set in sets for member in gallery_set.members})
    gallery = Gallery(
        dataset_sha256=store.checksum,
        sources=sources,
        molecules=tuple(_graph(store.molecules[name]) for name in molecules),
        sets=sets,
    )
    write_text(directory.gallery, gallery.model_dump_json() + "\n")
    return gallery, True


def read_gallery(directory: ResultsDirectory) -> Gallery | None:
    """Read the gallery of a study; None where the results are older than galleries.

    Raises
    ------
    UnreadableError, SchemaError
        The gallery cannot be read, or is damaged.
    """
    try:
        return Gallery.model_validate_json(directory.gallery.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(
            f"the gallery of a study ({directory.gallery})", error.strerror or str(error)
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = one_line(error, 300)
        raise SchemaError(
            f"the gallery of a study in {directory.gallery}",
            reason,
            "Remove it: the page does without, and `mlip-compose run` makes it anew.",
        ) from error


def _checksum(directory: ResultsDirectory, target: str) -> str:
    path = directory.predictions(target)
    with derived(path):
        return predictions_checksum(path)


def _graph(molecule: Molecule) -> GalleryMolecule:
    bonds = zip(molecule.bonds.tolist(), kekulised(molecule).tolist(), strict=True)
    return GalleryMolecule(
        name=molecule.name,
        smiles=molecule.smiles,
        numbers=tuple(molecule.numbers.tolist()),
        bonds=tuple((a, b, order) for (a, b), order in bonds),
        charges=tuple(molecule.charges.tolist()) if molecule.charges.any() else (),
    )


@dataclass(frozen=True, eq=False)
class _Column:
    """A potential of a set: its predictions, and the force errors that an archive has."""

    predictions: Predictions
    kept_errors: Mapping[tuple[str, str, int], float]

    @property
    def potential(self) -> GalleryPotential:
        header = self.predictions.header
        return GalleryPotential(name=header.potential, role=header.role)

    def forces(self, predicted: PredictedFrames, reference: Frames) -> NDArray[np.float64]:
        """Return the forces that are shown: less those of the reference, but for the scale row."""
        usable = _usable(predicted)
        return usable if self.potential.role == "scale" else usable - reference.forces

    def errors(self, predicted: PredictedFrames, reference: Frames) -> NDArray[np.float64]:
        """Return the force MAE of each frame, meV/Angstrom; NaN for frames that failed."""
        difference = _usable(predicted) - reference.forces
        errors: NDArray[np.float64] = EV_IN_MEV * np.abs(difference).mean(axis=(1, 2))
        for row, frame in enumerate(reference.indices.tolist()):
            place = (reference.molecule, reference.trajectory, frame)
            errors[row] = self.kept_errors.get(place, errors[row])
        return errors


def _set(
    rows: Sequence[GalleryRow],
    store: Store,
    directory: ResultsDirectory,
    absent: Container[str],
    kept: Gallery | None,
) -> GallerySet | None:
    """Return the frames of one task and level, which all these potentials predicted.

    They are chosen; or they are those of the kept gallery, where it holds predictions that are
    absent.
    """
    target, radius = rows[0].target, rows[0].coverage_radius
    kept_set = _kept_set(rows, absent, kept)
    columns = []
    for row in rows:
        name = row.target.id
        if name not in absent:
            columns.append(_Column(read_derived_predictions(directory, name), {}))
        elif kept_set is not None and (column := _restored(row, store, kept_set)):
            columns.append(column)
    if not columns:
        return None
    columns.sort(key=lambda column: ROLES.index(column.potential.role))
    codes = _Codes(1 + len(columns))
    members = tuple(_members(columns, rows[0], store, kept_set, codes))
    return GallerySet(
        task=target.split.task,
        level=target.level,
        seed=target.seed,
        coverage_radius=radius,
        potentials=tuple(column.potential for column in columns),
        members=members,
        values=codes.text(),
        clipped=codes.clipped,
    )


def _kept_set(
    rows: Sequence[GalleryRow], absent: Container[str], kept: Gallery | None
) -> GallerySet | None:
    """Return the kept set of a task and level, where it holds predictions that are absent."""
    lacking = [row.target.id for row in rows if row.target.id in absent]
    if kept is None or not any(name in kept.sources for name in lacking):
        return None
    split = (rows[0].target.split.task, rows[0].target.level)
    return next((member for member in kept.sets if (member.task, member.level) == split), None)


def _restored(row: GalleryRow, store: Store, kept_set: GallerySet) -> _Column | None:
    predictions = restored_predictions(kept_set, row.potential, store)
    if predictions is None:
        return None
    column = [potential.name for potential in kept_set.potentials].index(row.potential)
    errors = {}
    for member in kept_set.members:
        for frame in member.frames:
            error = frame.errors[column]
            place = (member.molecule, frame.trajectory, frame.frame)
            errors[place] = np.nan if error is None else error
    return _Column(predictions, errors)


class _Codes:
    """The numbers of a set: positions and forces of the frames, in whole steps.

    Parameters
    ----------
    forces
        Number of arrays of forces: those of the reference, and those of each potential.
    """

    def __init__(self, forces: int) -> None:
        self._steps = (LENGTH_STEP, *(FORCE_STEP for _ in range(forces)))
        self._codes: list[list[Codes]] = [[] for _ in self._steps]
        self.clipped = 0

    def add(self, arrays: Sequence[FloatArray]) -> None:
        """Add the positions of some frames, and all their forces."""
        for array, step, codes in zip(arrays, self._steps, self._codes, strict=True):
            whole, clipped = quantise(array, step)
            codes.append(whole.reshape(-1))
            self.clipped += clipped

    def text(self) -> str:
        """Return the numbers as text, one array after the other."""
        return encode(np.concatenate([array for codes in self._codes for array in codes]))


def _members(
    columns: Sequence[_Column],
    row: GalleryRow,
    store: Store,
    kept_set: GallerySet | None,
    codes: _Codes,
) -> Iterator[GalleryMember]:
    """Yield the molecules of a set, and add their numbers to its codes."""
    selection, radius = row.target.selection, row.coverage_radius
    trained = environments_of([store.molecules[name] for name in selection.train], radius + 1)
    kept_frames = {
        (member.molecule, member.part): member.frames
        for member in (kept_set.members if kept_set else ())
    }
    for part, name, trajectory, indices in selection.wanted():
        if part not in TEST_PARTS:
            continue
        kept = kept_frames.get((name, part), ())
        if kept:
            indices = np.array([frame.frame for frame in kept], dtype=np.int64)
        molecule = store.molecules[name]
        reference = store.frames(name, trajectory, indices)
        predicted = [
            predicted_frames(column.predictions, molecule, trajectory, indices)
            for column in columns
        ]
        pairs = list(zip(columns, predicted, strict=True))
        errors = np.array([column.errors(frames, reference) for column, frames in pairs])
        chosen = [(at, frame.why) for at, frame in enumerate(kept)]
        chosen = chosen or choose(errors, [column.potential.role for column in columns])
        places = [at for at, _ in chosen]
        forces = [column.forces(frames, reference) for column, frames in pairs]
        codes.add([array[places] for array in (reference.positions, reference.forces, *forces)])
        novel = unseen_atoms(molecule, trained, radius + 1) if part == "ood" else np.zeros(0, bool)
        yield GalleryMember(
            molecule=name,
            part=part,
            novel=tuple(np.flatnonzero(novel).tolist()),
            frames=tuple(
                GalleryFrame(
                    trajectory=trajectory,
                    frame=int(indices[at]),
                    why=why,
                    errors=tuple(map(_rounded, errors[:, at].tolist())),
                )
                for at, why in chosen
            ),
        )


def _rounded(error: float) -> float | None:
    """Return an error as the page shows it; None for a frame that failed."""
    return round(error, 2) if np.isfinite(error) else None


def _usable(predicted: PredictedFrames) -> NDArray[np.float64]:
    """Return predicted forces, eV/Angstrom; NaN for all of a frame that failed."""
    usable = is_usable(predicted.energy) & is_usable(predicted.forces).all(axis=(1, 2))
    return np.where(usable[:, None, None], predicted.forces.astype(np.float64), np.nan)
