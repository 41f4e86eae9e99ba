"""Whether a leaderboard can take a submission, and whether published scores are those of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.documents import is_file, parse_json
from mlip_compose.core.errors import ChecksumError, SchemaError, one_line
from mlip_compose.evaluation.results import Score
from mlip_compose.predictions.joined import read_part
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.given import ForeignRow, foreign_rows
from mlip_compose.studies.plan import plan
from mlip_compose.studies.study import Study

SAME: Final = 1e-6
"""Relative difference of numbers that are the same; processors round differently."""


@dataclass(frozen=True, eq=False)
class CheckedSplit:
    """What came of the predictions of one split.

    Attributes
    ----------
    row
        Of the study that takes them.
    score
        Made now, from the predictions.
    published
        Whether results have that score already.
    """

    row: ForeignRow
    score: Score
    published: bool


def check_submission(
    submission: Path, study: Study, directory: ResultsDirectory | None
) -> Iterator[CheckedSplit]:
    """Check a submission against a study, split by split, and score it.

    Parameters
    ----------
    submission
        Its card, or a file of predictions.
    study
        Whose splits, data and budget it has to have.
    directory
        Results of the study: scores of the submission that are there have to be those made now.
        None compares with nothing.

    Raises
    ------
    SchemaError, UnknownNameError, UnreadableError, MissingLabelsError
        The card or the predictions are not as they have to be.
    ChecksumError
        The file is not the one of the card, frames are not those of the data set, or published
        scores are not those of these predictions.
    StudyError
        Another split, budget or name than the study takes.
    CoverageError
        Frames are missing.
    """
    store = open_dataset(study.dataset)
    alone = study.model_copy(update={"predictions": (submission,)})
    for row in foreign_rows(alone, store, plan(study, store)):
        predictions = read_part(row.file.path, row.file.key)
        radius = certify_target(store, row.target).coverage_radius
        score = score_predictions(predictions, store, row.target, radius)
        kept = None if directory is None else directory.score(row.target.id)
        published = kept is not None and is_file(kept)
        if kept is not None and published:
            made = json.loads(score.model_dump_json())
            if differing := first_difference(_document(kept), made):
                raise ChecksumError(
                    f"the score of {submission} in {kept}",
                    f"another one: {differing}",
                    "Without that file, `mlip-compose run` scores the predictions anew.",
                )
        yield CheckedSplit(row, score, published)


def _document(path: Path) -> Any:
    try:
        return parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SchemaError(f"a score in {path}", one_line(error, 200)) from error


def first_difference(kept: Any, made: Any, place: str = "") -> str:
    """Return where two documents differ first, numbers by more than rounding; empty if nowhere."""
    if isinstance(kept, dict) and isinstance(made, dict):
        if kept.keys() != made.keys():
            return (
                f"{place} (keys {', '.join(sorted(map(str, kept.keys() ^ made.keys())))})".strip()
            )
        pairs = ((f"{place}.{key}".lstrip("."), kept[key], made[key]) for key in kept)
        return next((found for p, a, b in pairs if (found := first_difference(a, b, p))), "")
    if isinstance(kept, list) and isinstance(made, list):
        if len(kept) != len(made):
            return f"{place} ({len(kept)} values and {len(made)})"
        numbered = ((f"{place}.{i}", *pair) for i, pair in enumerate(zip(kept, made, strict=True)))
        return next((found for p, a, b in numbered if (found := first_difference(a, b, p))), "")
    if isinstance(kept, float) and isinstance(made, float):
        same = math.isclose(kept, made, rel_tol=SAME, abs_tol=SAME)
        return "" if same else f"{place} ({kept:g} and {made:g})"
    return "" if kept == made else f"{place} ({kept!r} and {made!r})"
