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
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.given import GivenRow
from mlip_compose.studies.opening import open_study
from mlip_compose.studies.study import Study

SAME: Final = 1e-6
"""Relative difference of numbers that are the same; processors round differently."""


@dataclass(frozen=True, eq=False)
class CheckedSplit:
    """The predictions of one split of a submission, checked and scored.

    Attributes
    ----------
    row
        The row of the study.
    score
        The score, made now.
    published
        Whether the results have that score already.
    """

    row: GivenRow
    score: Score
    published: bool


def check_submission(
    submission: Path, study: Study, directory: ResultsDirectory | None
) -> Iterator[CheckedSplit]:
    """Check a submission against a study, split by split, and score it.

    Parameters
    ----------
    submission
        The card of the submission, or a file of predictions.
    study
        The study; the submission must have its splits, data and budget.
    directory
        Results of the study: scores of the submission in them must be those made now. None compares
        with nothing.

    Raises
    ------
    SchemaError, UnknownNameError, UnreadableError, MissingLabelsError
        The card or the predictions cannot be used.
    ChecksumError
        The file is not the one of the card, frames are not those of the data set, or published
        scores are not those of these predictions.
    StudyError
        The study does not take the split, the budget or the name.
    CoverageError
        Frames are missing.
    """
    opened = open_study(study.model_copy(update={"predictions": (submission,)}))
    store = opened.store
    for row in opened.given:
        radius = certify_target(store, row.target).coverage_radius
        score = score_predictions(row.predictions.read(), store, row.target, radius)
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
        return next((text for p, a, b in pairs if (text := first_difference(a, b, p))), "")
    if isinstance(kept, list) and isinstance(made, list):
        if len(kept) != len(made):
            return f"{place} ({len(kept)} values and {len(made)})"
        numbered = ((f"{place}.{i}", *pair) for i, pair in enumerate(zip(kept, made, strict=True)))
        return next((text for p, a, b in numbered if (text := first_difference(a, b, p))), "")
    if isinstance(kept, float) and isinstance(made, float):
        same = math.isclose(kept, made, rel_tol=SAME, abs_tol=SAME)
        return "" if same else f"{place} ({kept:g} and {made:g})"
    return "" if kept == made else f"{place} ({kept!r} and {made!r})"
