"""Make the gallery of a study from its prediction files and its data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mlip_compose.errors import SchemaError, UnreadableError
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
from mlip_compose.files import write_text
from mlip_compose.records import Frames, Molecule, PredictedFrames
from mlip_compose.store.predictions import predictions_checksum, read_predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.plan import Target
from mlip_compose.studies.scoring import predicted_frames
from mlip_compose.tasks.coverage import novel_atoms
from mlip_compose.units import EV_IN_MEV

ROLES: Final = ("learned", "feasibility", "scale")
"""Order of the potentials in a set; within a role that of the study."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a potential was asked for: its target, the seed of its training, and r* of the split."""

    target: Target
    seed: int
    coverage_radius: int


def update_gallery(
    predicted: Iterable[Predicted], store: Store, directory: ResultsDirectory
) -> tuple[Gallery, bool]:
    """Return the gallery of a study, and whether it had to be made (anew).

    Of several seeds it has the first of each task and level. The file is left as it is where it was
    made from these very predictions.

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
    sources = {
        each.target.id: predictions_checksum(directory.predictions(each.target.id))
        for same in sets.values()
        for each in same
    }
    kept = read_kept(directory.gallery, Gallery)
    if kept and (kept.dataset_sha256, kept.sources) == (store.checksum, sources):
        return kept, False
    made = tuple(_set(same, store, directory) for same in sets.values())
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
        reason = " ".join(str(error).split())[:300]
        raise SchemaError(
            f"the gallery of a study in {directory.gallery}",
            reason,
            "Remove it: the page does without, and `mlip-compose run` makes it anew.",
        ) from error


def _graph(molecule: Molecule) -> GalleryMolecule:
    bonds = zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True)
    return GalleryMolecule(
        name=molecule.name,
        smiles=molecule.smiles,
        numbers=tuple(molecule.numbers.tolist()),
        bonds=tuple((a, b, order) for (a, b), order in bonds),
    )


def _set(same: Sequence[Predicted], store: Store, directory: ResultsDirectory) -> GallerySet:
    """Return the frames of one task and level, which all these potentials predicted."""
    target, radius = same[0].target, same[0].coverage_radius
    files = [read_predictions(directory.predictions(each.target.id))[0] for each in same]
    files.sort(key=lambda file: ROLES.index(file.header.role))
    potentials = tuple(
        GalleryPotential(name=file.header.potential, role=file.header.role) for file in files
    )
    seen = [store.molecules[name] for name in target.selection.train]
    members: list[GalleryMember] = []
    codes: list[list[Codes]] = [[] for _ in range(2 + len(files))]
    clipped = 0
    for part, name, trajectory, indices in target.selection.wanted():
        if part not in ("id", "ood"):
            continue
        molecule = store.molecules[name]
        predicted = [predicted_frames(file, molecule, trajectory, indices) for file in files]
        reference = store.frames(name, trajectory, indices)
        errors = np.array([_frame_errors(each, reference) for each in predicted])
        chosen = choose(errors, [each.role for each in potentials])
        rows = [row for row, _ in chosen]
        arrays = [reference.positions, reference.forces]
        arrays += [
            _usable(each) if potential.role == "scale" else _usable(each) - reference.forces
            for each, potential in zip(predicted, potentials, strict=True)
        ]
        for at, (array, kept) in enumerate(zip(arrays, codes, strict=True)):
            whole, cut = quantise(array[rows], FORCE_STEP if at else LENGTH_STEP)
            kept.append(whole.reshape(-1))
            clipped += cut
        novel = novel_atoms(molecule, seen, radius + 1) if part == "ood" else np.zeros(0, bool)
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
    return GallerySet(
        task=target.split.task,
        level=target.level,
        seed=same[0].seed,
        coverage_radius=radius,
        potentials=potentials,
        members=tuple(members),
        values=encode(np.concatenate([array for kept in codes for array in kept])),
        clipped=clipped,
    )


def _usable(predicted: PredictedFrames) -> NDArray[np.float64]:
    """Return predicted forces, eV/Angstrom; NaN for all of a frame that failed."""
    usable = is_usable(predicted.energy) & is_usable(predicted.forces).all(axis=(1, 2))
    return np.where(usable[:, None, None], predicted.forces.astype(np.float64), np.nan)


def _frame_errors(predicted: PredictedFrames, reference: Frames) -> NDArray[np.float64]:
    """Return the force MAE of each frame, meV/Angstrom; NaN for frames that failed."""
    difference = _usable(predicted) - reference.forces
    errors: NDArray[np.float64] = EV_IN_MEV * np.abs(difference).mean(axis=(1, 2))
    return errors
