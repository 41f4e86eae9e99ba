"""Rows of a study that it does not train: predictions that it names, with or without a card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlip_compose import __version__
from mlip_compose.core.documents import canonical_json, is_file
from mlip_compose.core.errors import ChecksumError, StudyError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import SplitKey
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.predictions.exchange.files import refuse_unimported
from mlip_compose.predictions.exchange.submission import SubmissionCard, read_submission
from mlip_compose.predictions.file import PredictionHeader
from mlip_compose.predictions.joined import read_joined
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import Training
from mlip_compose.studies.scores import ForeignFile
from mlip_compose.studies.study import Study


@dataclass(frozen=True, eq=False)
class ForeignRow:
    """Predictions of one split in a study that did not make them.

    Attributes
    ----------
    facts
        What results say of it, as of a training; its ``id`` follows from the file's content.
    target
        The frames that it is scored on, those of the study's own potentials.
    file
        The file, with its checksum when the ``id`` was found.
    """

    facts: UnitFacts
    target: Target
    file: ForeignFile


def foreign_rows(
    study: Study, store: Store, trainings: Sequence[Training]
) -> tuple[ForeignRow, ...]:
    """Read the predictions that a study names, and check that they belong to it.

    Raises
    ------
    StudyError
        An absent file, another split or number of training frames than the study's, or a name that
        a potential of the study or another file has.
    ChecksumError
        Predictions of another data set.
    DataError
        A file that cannot be read.
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
    taken = {
        name for entry in study.potentials for name in (entry.shown, f"{entry.shown}, ceiling")
    }
    seen: dict[tuple[str, SplitKey], Path] = {}
    rows = []
    for path, row in _rows(study, store, targets):
        name = row.facts.potential
        if name in taken:
            raise StudyError(
                f"a name of their own for the predictions in {path}",
                f"{name!r}, which is a potential of the study",
                "Import them under another name, or give the potential a label.",
            )
        key = row.target.key
        if (first := seen.setdefault((name, key), path)) is not path:
            raise StudyError(
                f"one file of predictions of {name!r} for {key.words}",
                f"{first} and {path}",
            )
        rows.append(row)
    return tuple(rows)


def _rows(
    study: Study, store: Store, targets: Mapping[SplitKey, Target]
) -> Iterator[tuple[Path, ForeignRow]]:
    """Yield a row for each split of each file, with the path that the study names."""
    for named in study.predictions:
        submission = read_submission(named)
        refuse_unimported(submission.path)
        sha256 = sha256_of(submission.path)
        for key, predictions in read_joined(submission.path).items():
            file = ForeignFile(submission.path.absolute(), sha256, key)
            header = predictions.header
            if submission.card is not None and submission.card.name != header.potential:
                raise StudyError(
                    f"predictions of {submission.card.name!r}, as the card {named} says",
                    f"those of {header.potential!r}",
                )
            yield (
                named,
                _row(file, header, predictions.molecule_sums, submission.card, store, targets),
            )


def _row(
    file: ForeignFile,
    header: PredictionHeader,
    sums: Mapping[str, str],
    card: SubmissionCard | None,
    store: Store,
    targets: Mapping[SplitKey, Target],
) -> ForeignRow:
    path = file.path
    if header.dataset_sha256 != store.checksum:
        raise ChecksumError(
            f"predictions of {store.name} (sha256 {store.checksum[:12]}...) in {path}",
            f"those of {header.dataset} (sha256 {header.dataset_sha256[:12]}...)",
            "A study compares potentials on one data set.",
        )
    if others := [name for name, sha256 in sums.items() if _other(store, name, sha256)]:
        raise ChecksumError(
            f"predictions of the molecules of {store.name} in {path}",
            f"other frames of {', '.join(others[:8])}{', ...' if len(others) > 8 else ''}",
        )
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
    content = _identity(file.sha256, target, header)
    name = f"{header.key.file_name(header.potential)}_{content}"
    return ForeignRow(
        UnitFacts(
            id=name,
            levels=(header.level,),
            **header.shared_with(UnitFacts),
            status="done",
            cost=card.cost_document() if card else {},
            facts={"predictions": path.name} | (card.facts() if card else {}),
        ),
        replace(target, id=name, relax=False),
        file,
    )


def _other(store: Store, molecule: str, sha256: str) -> bool:
    return store.molecule_checksums.get(molecule) != sha256


def _identity(sha256: str, target: Target, header: PredictionHeader) -> str:
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
