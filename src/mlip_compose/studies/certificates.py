"""The certificates of the splits of a study, each in a file of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mlip_compose.core.files import write_text
from mlip_compose.core.records import SplitKey
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.predictions.target import Target, certify_target
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.progress import Listener
from mlip_compose.tasks.certificate_schema import Certificate

Certificates = Mapping[SplitKey, Certificate]

OF_FRAMES: Final = ("force_magnitude", "leaks")
"""Fields in which the certificates of two seeds of a split may differ."""


def certify_splits(
    targets: Mapping[SplitKey, Target],
    store: Store,
    directory: ResultsDirectory,
    results: StudyResults | None,
    listener: Listener,
) -> dict[SplitKey, Certificate]:
    """Return the certificate of each split, and keep it in its file.

    Parameters
    ----------
    targets
        A target of each split.
    store, directory
        The data set, and the results.
    results
        Results of this very study and data set: certificates that agree with theirs are taken as
        they are. None certifies each split anew.
    listener
        Is told of progress.
    """
    certificates: dict[SplitKey, Certificate] = {}
    if results is not None:
        certificates = _kept_certificates(targets, directory, results)
    missing = [key for key in targets if key not in certificates]
    listener.stage("certify", len(missing))
    for key in missing:
        certificate = certify_target(store, targets[key])
        text = json.dumps(certificate.to_json(), indent=1) + "\n"
        path = directory.certificate(key)
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
        certificates[key] = certificate
        listener.unit(path.stem, "")
    return {key: certificates[key] for key in targets}


def _kept_certificates(
    targets: Mapping[SplitKey, Target], directory: ResultsDirectory, results: StudyResults
) -> dict[SplitKey, Certificate]:
    """Read the certificates that agree with those in the results.

    The name of the file does not say of which data a certificate is: results do. They show one
    certificate a task and level, see :func:`summary_certificates`.
    """
    documents = {
        (document["task"], document["level"]): document for document in results.certificates
    }
    certificates = {}
    for key in targets:
        certificate = read_kept(directory.certificate(key), Certificate, directory)
        document = documents.get((key.task, key.level))
        if certificate is not None and document is not None:
            several = any(k != key and (k.task, k.level) == (key.task, key.level) for k in targets)
            if _agree(certificate.to_json(), document, OF_FRAMES if several else ()):
                certificates[key] = certificate
    return certificates


def _agree(first: dict[str, Any], second: dict[str, Any], but_for: tuple[str, ...]) -> bool:
    return all(second.get(name) == value for name, value in first.items() if name not in but_for)


def summary_certificates(certificates: Certificates) -> tuple[dict[str, Any], ...]:
    """Return one certificate a task and level: seeds differ in frames alone, unless one leaks."""
    summary: dict[tuple[str, int], Certificate] = {}
    for key, certificate in certificates.items():
        if certificate.leaks or (key.task, key.level) not in summary:
            summary[key.task, key.level] = certificate
    return tuple(certificate.to_json() for certificate in summary.values())
