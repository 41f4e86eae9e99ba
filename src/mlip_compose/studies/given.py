"""Rows of a study that it does not train: predictions that it names, with or without a card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlip_compose import __version__
from mlip_compose.core.documents import canonical_json, is_file
from mlip_compose.core.errors import ChecksumError, DataError, StudyError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import SplitKey
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.predictions.exchange.submission import (
    Submission,
    SubmissionCard,
    read_submission,
)
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.joined import read_headers, read_one
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import Training
from mlip_compose.studies.study import Study


@dataclass(frozen=True)
class GivenPredictions:
    """Predictions of one split that a study names, as they were when it was opened.

    Attributes
    ----------
    path
        Absolute path of the file.
    sha256
        Checksum of the file, taken once; it travels to the worker that reads the numbers.
    key
        The split.
    """

    path: Path
    sha256: str
    key: SplitKey

    def read(self) -> Predictions:
        """Read the numbers, from the very file that was opened.

        Raises
        ------
        ChecksumError
            The file has another content now.
        DataError
            The file cannot be read.
        """
        if sha256_of(self.path) != self.sha256:
            raise ChecksumError(
                f"{self.path} as it was when this run began",
                "another content",
                "Run again to score the new one.",
            )
        return read_one(self.path, self.key)


@dataclass(frozen=True, eq=False)
class GivenRow:
    """A row of a study, on one split, that the study does not train.

    Attributes
    ----------
    facts
        What results say of it, as of a training; its ``id`` follows from the content of the file.
    target
        The frames that it is scored on, those of the study's own potentials.
    predictions
        Its predictions.
    """

    facts: UnitFacts
    target: Target
    predictions: GivenPredictions


def given_rows(study: Study, store: Store, trainings: Sequence[Training]) -> tuple[GivenRow, ...]:
    """Open the predictions that a study names, and check that they belong to it.

    Their numbers are read when they are scored.

    Raises
    ------
    StudyError
        A file is absent, of another split or number of training frames than the study, or has the
        name of a potential of the study or of another file.
    ChecksumError
        The predictions are of another data set.
    DataError
        A file cannot be read.
    """
    if absent := [str(path) for path in study.predictions if not is_file(path)]:
        raise StudyError(
            "files of predictions or cards of submissions, in a study file by paths relative to it",
            f"no {', no '.join(absent)}",
        )
    targets = {
        target.key: target
        for training in trainings
        if not training.ceiling
        for target in training.targets
    }
    names = {
        name for entry in study.potentials for name in (entry.shown, f"{entry.shown}, ceiling")
    }
    paths: dict[tuple[str, SplitKey], Path] = {}
    rows = []
    for path, row in _rows(study.predictions, store, targets):
        name, key = row.facts.potential, row.predictions.key
        if name in names:
            raise StudyError(
                f"a name of their own for the predictions in {path}",
                f"{name!r}, which is a potential of the study",
                "Import them under another name, or give the potential a label.",
            )
        if (first := paths.setdefault((name, key), path)) is not path:
            raise StudyError(
                f"one file of predictions of {name!r} for {key.words}", f"{first} and {path}"
            )
        rows.append(row)
    return tuple(rows)


def _rows(
    paths: Sequence[Path], store: Store, targets: Mapping[SplitKey, Target]
) -> Iterator[tuple[Path, GivenRow]]:
    """Yield a row for each split of each file, with the path that the study names."""
    for path in paths:
        submission = read_submission(path)
        # the checksum comes first: a file that changes later is not the one that was opened
        file, sha256 = submission.path.absolute(), submission.sha256
        for header, sums in _headers(submission).values():
            if submission.card is not None and submission.card.name != header.potential:
                raise StudyError(
                    f"predictions of {submission.card.name!r}, as the card {path} says",
                    f"those of {header.potential!r}",
                )
            _check_data(file, header, sums, store)
            target = _target(file, header, targets)
            predictions = GivenPredictions(file, sha256, header.key)
            yield path, _row(predictions, header, submission.card, target)


def _headers(submission: Submission) -> Mapping[SplitKey, tuple[PredictionHeader, dict[str, str]]]:
    try:
        return read_headers(submission.path)
    except DataError:
        from mlip_compose.predictions.exchange.files import refuse_unimported  # loads all readers

        refuse_unimported(submission.path)  # says how predictions of other programs are imported
        raise


def _check_data(
    path: Path, header: PredictionHeader, sums: Mapping[str, str], store: Store
) -> None:
    """Refuse predictions of another data set, or of other frames of one of its molecules."""
    if header.dataset_sha256 != store.checksum:
        raise ChecksumError(
            f"predictions of {store.name} (sha256 {store.checksum[:12]}...) in {path}",
            f"those of {header.dataset} (sha256 {header.dataset_sha256[:12]}...)",
            "A study compares potentials on one data set.",
        )
    expected = store.molecule_checksums
    if others := [name for name, sha256 in sums.items() if expected.get(name) != sha256]:
        raise ChecksumError(
            f"predictions of the molecules of {store.name} in {path}",
            f"other frames of {', '.join(others[:8])}{', ...' if len(others) > 8 else ''}",
        )


def _target(path: Path, header: PredictionHeader, targets: Mapping[SplitKey, Target]) -> Target:
    """Return the target of the study that predictions are of."""
    target = targets.get(header.key)
    if target is None:
        raise StudyError(
            f"predictions of a task, level and seed of the study in {path} "
            f"({'; '.join(key.words for key in targets)})",
            header.key.words,
        )
    if header.train_frames != target.n_train:
        raise StudyError(
            f"predictions of a model with {target.n_train} training frames, as the study's, in "
            f"{path}",
            f"one with {header.train_frames}",
            "Potentials are compared with the same budget.",
        )
    return target


def _row(
    predictions: GivenPredictions,
    header: PredictionHeader,
    card: SubmissionCard | None,
    target: Target,
) -> GivenRow:
    digest = _digest(predictions.sha256, target, header)
    name = f"{header.key.file_name(header.potential)}_{digest}"
    facts = UnitFacts(
        id=name,
        levels=(header.level,),
        **header.shared_with(UnitFacts),
        status="done",
        cost=card.cost_document() if card else {},
        facts={"predictions": predictions.path.name} | (card.facts() if card else {}),
    )
    return GivenRow(facts, replace(target, id=name, relax=False), predictions)


def _digest(sha256: str, target: Target, header: PredictionHeader) -> str:
    """Hash all that the score depends on, the content of the file first."""
    frames = [
        (part, name, indices.tolist()) for part, name, _, indices in target.selection.wanted()
    ]
    identity = {
        "program": __version__,
        "predictions_sha256": sha256,
        "dataset_sha256": header.dataset_sha256,
        "frames": frames,
    }
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:10]
