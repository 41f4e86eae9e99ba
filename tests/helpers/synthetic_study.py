"""A study of four tasks and eight potentials whose predictions are made up, not its scores.

Everything from scores on is made by the program, on a few frames of each molecule of ``mini-v1``:
level 2 of all tasks, level 1 of two. The predictions are reference values with noise, the same at
every call; one training failed, and one potential has no finite value for one frame.
"""

import itertools
from dataclasses import replace
from functools import cache, partial
from unittest.mock import patch

import builders
import numpy as np

from mlip_compose.core.records import MINIMUM, PRIMARY, PredictedFrames, ReceptiveField, SplitKey
from mlip_compose.evaluation import score as scoring
from mlip_compose.evaluation.additivity import reaction_errors, reference_additivity
from mlip_compose.evaluation.horizon import horizons
from mlip_compose.evaluation.learning import levellings
from mlip_compose.evaluation.paired import paired_differences
from mlip_compose.evaluation.ranking import rankings
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target, target_of
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.gallery import GalleryRow, update_gallery
from mlip_compose.studies.results import provenance

LEVELS = {"length": (1, 2), "crossing": (1, 2), "transfer": (2,), "recombination": (2,)}
LEARNED = ("wide", "deep", "light", "narrow", "long", "short")
POTENTIALS = {"composition": "scale", "additive": "feasibility"} | dict.fromkeys(LEARNED, "learned")
FAILED = ("transfer", "light")
REASON = "the loss became NaN at step 312"
FRAMES, BUDGET, RESAMPLES = 6, 100, 1000


class FewFrames(Store):
    """A store with the first frames of each trajectory, kept once they were read."""

    def n_frames(self, molecule, trajectory):
        return min(FRAMES, super().n_frames(molecule, trajectory))

    def frames(self, molecule, trajectory, indices=None):
        return self._frames(molecule, trajectory, None if indices is None else tuple(indices))

    @cache  # noqa: B019 - one store a session
    def minimum(self, molecule):
        return super().minimum(molecule)

    @cache  # noqa: B019 - as above
    def _frames(self, molecule, trajectory, indices):
        wanted = None if indices is None else np.array(indices)
        return super().frames(molecule, trajectory, wanted)


def synthetic_study(folder):
    """Return the results of the study, with its gallery; ``folder`` is for that."""
    store = FewFrames(dataset_path("mini-v1"))
    targets = {
        (task, level): target_of(store, SplitKey(task, level, 0), BUDGET, allow_missing=False)
        for task, levels in LEVELS.items()
        for level in levels
    }
    certificates = {key: certify_target(store, target) for key, target in targets.items()}
    units = [unit(task, potential) for task in LEVELS for potential in POTENTIALS]
    predicted = {
        f"{task}_L{level}_{potential}": predictions(store, target, potential)
        for (task, level), target in targets.items()
        for potential in POTENTIALS
        if (task, potential) != FAILED
    }
    few = partial(scoring.score, resamples=RESAMPLES)
    with patch("mlip_compose.predictions.scoring.score", few):  # a third of the time
        scores = [
            score_predictions(each, store, targets[key], certificates[key].coverage_radius)
            for each in predicted.values()
            for key in [(each.header.task, each.header.level)]
        ]
    minima = {
        name: (m, float(store.minimum(name).energy[0])) for name, m in store.molecules.items()
    }
    return StudyResults(
        name="four-by-eight",
        study={
            "name": "four-by-eight",
            "dataset": store.name,
            "tasks": list(LEVELS),
            "levels": [1, 2],
            "potentials": list(POTENTIALS),
            "seeds": [0],
            "train_frames": BUDGET,
        },
        dataset=builders.dataset_facts(store),
        certificates=tuple(each.to_json() for each in certificates.values()),
        units=tuple(units),
        scores=tuple(scores),
        pairs=paired_differences(scores, ("forces_mae",)),
        rankings=rankings(scores),
        additivity=reference_additivity(store.name, store.reference, minima),
        reaction_errors=reaction_errors(scores),
        horizons=horizons(scores, ()),
        levellings=levellings({u.id: u.facts.get("validation_curve", ()) for u in units}),
        provenance=provenance("mlip-compose run four-by-eight.yaml"),
        gallery=gallery_of(store, targets, certificates, predicted, folder),
    )


def size_of_error(potential):
    """Noise of the forces in eV/Angstrom, and how much larger it is on unseen molecules."""
    at = list(POTENTIALS).index(potential)
    return 0.02 + 0.008 * at, 1.0 + 0.15 * at


def predictions(store, target, potential):
    """Reference values with noise; forces of the scale row are zero."""
    task, level = target.split.task, target.level
    order = list(itertools.product(LEVELS, POTENTIALS)).index((task, potential))
    rng = np.random.default_rng([level, order])
    size, gap = size_of_error(potential)
    frames = []
    for part, name, trajectory, indices in target.selection.wanted():
        reference = store.frames(name, trajectory, indices)
        scale = size * (gap if part == "ood" else 1.0)
        noise = rng.normal(scale=scale, size=reference.forces.shape)
        forces = reference.forces + noise
        if POTENTIALS[potential] == "scale":
            forces = np.zeros_like(reference.forces)
        if (potential, name, trajectory) == ("short", "OH-10-H", PRIMARY):
            forces[0] = np.nan
        energy = reference.energy + rng.normal(scale=scale, size=len(indices))
        frames.append(PredictedFrames(name, trajectory, indices, energy, forces.astype(np.float32)))
    for name in (*target.selection.train, *target.selection.ood):
        minimum = store.minimum(name)
        energy = minimum.energy + rng.normal(scale=size, size=1)
        frames.append(PredictedFrames(name, MINIMUM, np.arange(1), energy, 0.0 * minimum.forces))
    header = builders.prediction_header(
        potential=potential,
        role=POTENTIALS[potential],
        dataset=store.name,
        dataset_sha256=store.checksum,
        reference=store.reference,
        task=task,
        level=level,
        train_frames=BUDGET,
    )
    return Predictions(header, frames, store.molecule_checksums)


def unit(task, potential):
    """Return what the study says of a training."""
    at = list(POTENTIALS).index(potential)
    learned = potential in LEARNED
    failed = (task, potential) == FAILED
    curve = [
        {"step": step, "forces_mae": (200.0 + 20.0 * at) / np.sqrt(step / 50)}
        for step in range(50, 1201, 50)
    ]
    return builders.unit_facts(
        id=f"{task}_{potential}_s0_0a1b2c3d{at}",
        task=task,
        levels=LEVELS[task],
        potential=potential,
        role=POTENTIALS[potential],
        seed=0,
        train_frames=BUDGET,
        settings={"channels": 8 * at, "cutoff": 4.0} if learned else {},
        status="failed" if failed else "done",
        reason=REASON if failed else "",
        cost={"wall_s": 1.0 + 9.0 * at, "cpu_s": 1.0 + 17.0 * at, "device": "cpu"}
        | ({"parameters": 3000 * at, "gradient_steps": 1200} if learned else {}),
        facts={"validation_curve": curve} if learned and not failed else {},
        receptive_field=ReceptiveField(4, 8.0, "two layers of 4 Å each") if learned else None,
    )


def gallery_of(store, targets, certificates, predicted, folder):
    """Return the gallery, made from the predictions as they would be read from files."""
    rows = [
        GalleryRow(
            replace(targets[key], id=name), certificates[key].coverage_radius, each.header.potential
        )
        for name, each in predicted.items()
        for key in [(each.header.task, each.header.level)]
    ]
    with (  # to write and to read 47 files of 254 molecules takes twice as long as all the rest
        patch("mlip_compose.studies.gallery.read_derived_predictions", lambda _, n: predicted[n]),
        patch("mlip_compose.studies.gallery.predictions_checksum", lambda path: path.stem),
    ):
        return update_gallery(rows, store, ResultsDirectory(folder))[0]
