"""What stands in ``submissions/`` is what the leaderboard can take, and what it shows."""

from pathlib import Path

import pytest

from mlip_compose import load_study
from mlip_compose.predictions.exchange.submission import CARD, submissions_in
from mlip_compose.studies.check_submission import check_submission
from mlip_compose.studies.directory import ResultsDirectory

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path for path in (ROOT / "submissions").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_it_can_be_taken_and_what_is_published_is_its_score(folder):
    (card,) = submissions_in([folder])
    assert card == folder / CARD
    results = ResultsDirectory(ROOT / "results" / "leaderboard-v1")
    splits = list(check_submission(card, load_study("leaderboard-v1"), results))
    assert splits
    assert all(split.score.failed_frames == 0 for split in splits)
