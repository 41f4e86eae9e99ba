"""Make the gallery of a study from its prediction files and its data set."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mlip_compose.core.errors import SchemaError, UnreadableError, one_line
from mlip_compose.core.files import write_text
from mlip_compose.core.records import Frames, Molecule, PredictedFrames
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
from mlip_compose.predictions.file import Predictions, predictions_checksum, read_predictions
from mlip_compose.predictions.scoring import predicted_frames
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.studies.archive import read_archived
from mlip_compose.studies.directory import ResultsDirectory, derived, read_kept
from mlip_compose.studies.gallery_archive import restored
from mlip_compose.tasks.coverage import environments_of, unseen_atoms

ROLES: Final = ("learned", "feasibility", "scale")
"""Order of the potentials in a set; within a role that of the study."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a potential was asked for.

    Attributes
    ----------
    target
        What it was to predict.
    seed
        Of its training.
    coverage_radius
        r* of the split.
    potential
        Name of its row.
    """

    target: Target
    seed: int
    coverage_radius: int
    potential: str


def update_gallery(
    predicted: Iterable[Predicted], store: Store, directory: ResultsDirectory
) -> tuple[Gallery, bool]:
    """Return the gallery of a study, and whether it had to be made (anew).

    Of several seeds it has the first of each task and level. The file is left as it is where it was
    made from these very predictions. In an archive, which has no predictions, a set keeps its
    frames and what it holds of potentials whose predictions are not there; a potential that it does
    not hold is left out.

    Parameters
    ----------
    predicted
        All targets of ordinary trainings that ended, in the order of the study.
    store, directory
        The data set, and where predictions are and the gallery goes.
    """
    sets: dict[tuple[str, int], list[Predicted]] = {}
    for each in predicted:
        same = sets.setdefault((each.target.split.task, each.target.level), [])
        if not same or same[0].seed == each.seed:
            same.append(each)
    absent = {
        name: checksum
        for name, checksum in read_archived(directory).predictions.items()
        if not directory.predictions(name).is_file()
    }
    wanted = [each.target.id for same in sets.values() for each in same]
    sources = {name: absent.get(name) or _checksum(directory, name) for name in wanted}
    kept = read_kept(directory.gallery, Gallery, directory)
    if kept and (kept.dataset_sha256, kept.sources) == (store.checksum, sources):
        return kept, False
    made = tuple(
        found
        for which, same in sets.items()
        if (found := _set(same, store, directory, absent, _old(which, same, absent, kept)))
    )
    names = sorted({member.molecule for each in made for member in each.members})
    gallery = Gallery(
        dataset_sha256=store.checksum,
        sources=sources,
        molecules=tuple(_graph(store.molecules[name]) for name in names),
        sets=made,
    )
    write_text(directory.gallery, gallery.model_dump_json() + "\n")
    return gallery, True


def read_gallery(directory: ResultsDirectory) -> Gallery | None:
    """Read the gallery of a study; None where results are older than galleries.

    Raises
    ------
    UnreadableError, SchemaError
        It cannot be read, or is damaged.
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


def _predictions(directory: ResultsDirectory, target: str) -> Predictions:
    path = directory.predictions(target)
    with derived(path):
        return read_predictions(path)


def _graph(molecule: Molecule) -> GalleryMolecule:
    bonds = zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True)
    return GalleryMolecule(
        name=molecule.name,
        smiles=molecule.smiles,
        numbers=tuple(molecule.numbers.tolist()),
        bonds=tuple((a, b, order) for (a, b), order in bonds),
    )


@dataclass(frozen=True, eq=False)
class _Shown:
    """A potential of a set: its predictions, and force errors of frames known beforehand."""

    predictions: Predictions
    errors: Mapping[tuple[str, str, int], float]

    @property
    def potential(self) -> GalleryPotential:
        header = self.predictions.header
        return GalleryPotential(name=header.potential, role=header.role)


def _old(
    which: tuple[str, int],
    same: Sequence[Predicted],
    absent: Container[str],
    kept: Gallery | None,
) -> GallerySet | None:
    """Return the set that is kept of a task and level, where it holds what is not there."""
    lacking = [each.target.id for each in same if each.target.id in absent]
    if kept is None or not any(name in kept.sources for name in lacking):
        return None
    return next((each for each in kept.sets if (each.task, each.level) == which), None)


def _set(
    same: Sequence[Predicted],
    store: Store,
    directory: ResultsDirectory,
    absent: Container[str],
    old: GallerySet | None,
) -> GallerySet | None:
    """Return the frames of one task and level, which all these potentials predicted.

    They are chosen, or those of the old set where predictions are not there but in it.
    """
    target, radius = same[0].target, same[0].coverage_radius
    potentials = []
    for each in same:
        if each.target.id not in absent:
            potentials.append(_Shown(_predictions(directory, each.target.id), {}))
        elif old is not None and (found := _restored(each, store, old)):
            potentials.append(found)
    if not potentials:
        return None
    potentials.sort(key=lambda each: ROLES.index(each.potential.role))
    members, codes, clipped = _members(potentials, target, radius, store, old)
    return GallerySet(
        task=target.split.task,
        level=target.level,
        seed=same[0].seed,
        coverage_radius=radius,
        potentials=tuple(each.potential for each in potentials),
        members=tuple(members),
        values=encode(codes),
        clipped=clipped,
    )


def _restored(each: Predicted, store: Store, old: GallerySet) -> _Shown | None:
    found = restored(old, each.potential, store)
    if found is None:
        return None
    column = [potential.name for potential in old.potentials].index(each.potential)
    errors = {
        (member.molecule, frame.trajectory, frame.frame): np.nan if error is None else error
        for member in old.members
        for frame in member.frames
        for error in (frame.errors[column],)
    }
    return _Shown(found, errors)


def _members(
    potentials: Sequence[_Shown],
    target: Target,
    radius: int,
    store: Store,
    old: GallerySet | None,
) -> tuple[list[GalleryMember], Codes, int]:
    """Return the molecules of a set, its numbers, and how many of these were clipped."""
    trained = [store.molecules[name] for name in target.selection.train]
    shown = environments_of(trained, radius + 1)
    members: list[GalleryMember] = []
    codes: list[list[Codes]] = [[] for _ in range(2 + len(potentials))]
    clipped = 0
    for part, name, trajectory, indices in target.selection.wanted():
        if part not in ("id", "ood"):
            continue
        known = () if old is None else _frames_of(old, name, part)
        if known:
            indices = np.array([frame.frame for frame in known])
        molecule = store.molecules[name]
        predicted = [
            predicted_frames(each.predictions, molecule, trajectory, indices) for each in potentials
        ]
        reference = store.frames(name, trajectory, indices)
        errors = np.array([_frame_errors(each, reference) for each in predicted])
        for row, each in enumerate(potentials):
            for column, frame in enumerate(indices.tolist()):
                errors[row, column] = each.errors.get(
                    (name, trajectory, frame), errors[row, column]
                )
        chosen = [(row, frame.why) for row, frame in enumerate(known)]
        chosen = chosen or choose(errors, [each.potential.role for each in potentials])
        rows = [row for row, _ in chosen]
        arrays = [reference.positions, reference.forces]
        arrays += [
            _usable(found) if each.potential.role == "scale" else _usable(found) - reference.forces
            for each, found in zip(potentials, predicted, strict=True)
        ]
        for at, (array, kept) in enumerate(zip(arrays, codes, strict=True)):
            whole, cut = quantise(array[rows], FORCE_STEP if at else LENGTH_STEP)
            kept.append(whole.reshape(-1))
            clipped += cut
        novel = unseen_atoms(molecule, shown, radius + 1) if part == "ood" else np.zeros(0, bool)
        members.append(
            GalleryMember(
                molecule=name,
                part=part,
                novel=tuple(np.flatnonzero(novel).tolist()),
                frames=tuple(
                    GalleryFrame(
                        trajectory=trajectory,
                        frame=int(indices[row]),
                        why=why,
                        errors=tuple(
                            round(value, 2) if np.isfinite(value) else None
                            for value in errors[:, row].tolist()
                        ),
                    )
                    for row, why in chosen
                ),
            )
        )
    return members, np.concatenate([array for kept in codes for array in kept]), clipped


def _frames_of(old: GallerySet, molecule: str, part: str) -> tuple[GalleryFrame, ...]:
    for member in old.members:
        if (member.molecule, member.part) == (molecule, part):
            return member.frames
    return ()


def _usable(predicted: PredictedFrames) -> NDArray[np.float64]:
    """Return predicted forces, eV/Angstrom; NaN for all of a frame that failed."""
    usable = is_usable(predicted.energy) & is_usable(predicted.forces).all(axis=(1, 2))
    return np.where(usable[:, None, None], predicted.forces.astype(np.float64), np.nan)


def _frame_errors(predicted: PredictedFrames, reference: Frames) -> NDArray[np.float64]:
    """Return the force MAE of each frame, meV/Angstrom; NaN for frames that failed."""
    difference = _usable(predicted) - reference.forces
    errors: NDArray[np.float64] = EV_IN_MEV * np.abs(difference).mean(axis=(1, 2))
    return errors
