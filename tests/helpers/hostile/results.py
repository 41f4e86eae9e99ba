"""Directories of results: ``results.json``, ``gallery.json``, and scores and certificates there."""

import contextlib
import json
import shutil
from dataclasses import replace
from functools import cache

import builders

from hostile.corrupted_documents import mutate_json
from hostile.corrupted_text import one_of
from hostile.predictions import originals
from hostile.reader import Reader
from mlip_compose.core.errors import RequestError
from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.evaluation.horizon import horizons
from mlip_compose.evaluation.paired import paired_differences
from mlip_compose.evaluation.ranking import rankings
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.predictions.file import Predictions, read_predictions, write_predictions
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target
from mlip_compose.report.page import write_report
from mlip_compose.report.terminal import leaderboard_table
from mlip_compose.studies.archive import ARCHIVED, Archived, read_archived
from mlip_compose.studies.directory import ResultsDirectory, made_from, read_kept
from mlip_compose.studies.gallery import GalleryRow, update_gallery
from mlip_compose.studies.merging import read_shards
from mlip_compose.studies.results import provenance, read_results
from mlip_compose.studies.shards import SHARD as SHARD_FILE
from mlip_compose.studies.shards import ShardRecord, read_shard
from mlip_compose.studies.study import Study
from mlip_compose.tasks.certificate_schema import Certificate


@cache
def original_results():
    """Return the directory of the results of two potentials on one task, made once a process."""
    parts = originals()
    store, target = parts.store, parts.target
    folder = parts.folder / "results"
    directory = ResultsDirectory(folder)
    loaded = read_predictions(parts.folder / "mine.h5")
    certificate = certify_target(store, target)
    scores, units, predicted = [], [], []
    for name in ("wide", "deep"):
        header = loaded.header.model_copy(update={"potential": name})
        predictions = Predictions(header, loaded.frames.values(), loaded.molecule_sums)
        renamed = replace(target, id=name)
        write_predictions(directory.predictions(name), predictions)
        scores.append(score_predictions(predictions, store, renamed, parts.radius))
        directory.score(name).parent.mkdir(exist_ok=True)
        directory.score(name).write_text(scores[-1].model_dump_json())
        predicted.append(GalleryRow(renamed, parts.radius, name))
        units.append(
            builders.unit_facts(
                id=name,
                levels=(1,),
                potential=name,
                train_frames=8,
                settings={"channels": 8},
                cost={"wall_s": 1.0, "cpu_s": 2.0, "device": "cpu", "parameters": 7},
                facts={"validation_curve": [{"step": 1, "forces_mae": 2.0}]},
            )
        )
    update_gallery(predicted, store, directory)
    results = StudyResults(
        name="mine",
        study={"name": "mine", "tasks": ["length"], "levels": [1], "train_frames": 8},
        dataset=builders.dataset_facts(store),
        certificates=(certificate.to_json(),),
        units=tuple(units),
        scores=tuple(scores),
        pairs=paired_differences(scores, ("forces_mae",)),
        rankings=rankings(scores),
        horizons=horizons(scores, ()),
        provenance=provenance("mlip-compose run"),
    )
    directory.results.write_text(results.model_dump_json(indent=1))
    path = directory.certificate(target.key)
    path.parent.mkdir()
    path.write_text(json.dumps(certificate.to_json()))
    return folder


def results(file):
    def make(rng, arena):
        shutil.copytree(original_results(), arena.out / "results")
        path = arena.out / "results" / one_of(rng, file)
        path.write_bytes(mutate_json(rng, path.read_text()))
        return arena.out / "results"

    return make


def read(directory):
    results_read = read_results(ResultsDirectory(directory))
    assert results_read.model_dump_json()


def report(directory):
    place = ResultsDirectory(directory)
    results_read = read_results(place)
    with made_from(place):
        write_report(results_read, directory / "report.html")
        leaderboard_table(results_read)


def keep(directory):
    """Read what a second run would take from the first one; damaged files are made anew."""
    place = ResultsDirectory(directory)
    for path in sorted(directory.rglob("*.json")):
        for model in (Score, CeilingScore, Certificate):
            kept = read_kept(path, model, place)  # one that is not of the model is set aside
            if kept is not None:
                assert kept.model_dump_json()
    with contextlib.suppress(RequestError):
        read_results(ResultsDirectory(directory))


SHARD = ShardRecord(
    program="0.1.0",
    study=Study.model_validate({"name": "s", "potentials": ["composition"]}).model_dump(
        mode="json"
    ),
    dataset_sha256="0" * 64,
    number=1,
    count=1,
    units=("length_composition_s0_0",),
)
ARCHIVE = Archived(predictions={"length_L1_composition_s0_0": "0" * 64})


def record(name, document):
    def make(rng, arena):
        folder = arena.out / "results"
        folder.mkdir()
        (folder / name).write_bytes(mutate_json(rng, document.model_dump_json()))
        return folder

    return make


def shard(directory):
    assert read_shard(directory).units is not None
    read_shards([directory]).study.check()


READERS = {
    "shard": Reader(record(SHARD_FILE, SHARD), shard),
    "archive": Reader(
        record(ARCHIVED, ARCHIVE), lambda directory: read_archived(ResultsDirectory(directory))
    ),
    "results": Reader(results(("results.json",)), read),
    "gallery": Reader(results(("gallery.json",)), read),
    "kept": Reader(
        results(("scores/wide.json", "certificates/length_L1_s0.json", "results.json")), keep
    ),
    "report": Reader(results(("results.json", "gallery.json")), report),
}
