"""Results that are kept are read, and written again as the same bytes: the schema has not moved."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.evaluation.gallery import Gallery
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.predictions.joined import read_joined, write_joined
from mlip_compose.studies.archive import Archived
from mlip_compose.tasks.certificate_schema import Certificate

ROOT = Path(__file__).parents[2]
STUDIES = sorted(path.parent.name for path in ROOT.glob("results/*/results.json"))
DOCUMENTS: dict[str, tuple[type[BaseModel], int | None]] = {
    "results.json": (StudyResults, 1),
    "scores/*.json": (Score, 1),
    "ceilings/*.json": (CeilingScore, 1),
    "gallery.json": (Gallery, None),
    "archived.json": (Archived, 1),
}


def test_there_are_results():
    assert "leaderboard-v1" in STUDIES


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("pattern", DOCUMENTS)
def test_documents_of_results_are_written_as_they_are_read(study, pattern):
    model, indent = DOCUMENTS[pattern]
    for path in (ROOT / "results" / study).glob(pattern):
        text = path.read_text("utf-8")
        assert model.model_validate_json(text).model_dump_json(indent=indent) + "\n" == text, path


@pytest.mark.parametrize("study", STUDIES)
def test_certificates_and_trainings_are_written_as_they_are_read(study):
    for path in (ROOT / "results" / study).glob("certificates/*.json"):
        text = path.read_text("utf-8")
        certificate = Certificate.model_validate_json(text)
        assert json.dumps(certificate.to_json(), indent=1) + "\n" == text, path
    for path in (ROOT / "results" / study).glob("trainings/*/unit.json"):
        document = json.loads(path.read_text("utf-8"))
        facts = UnitFacts.model_validate(document["facts"])
        assert facts.model_dump(mode="json") == document["facts"], path


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("submissions/*/*.h5")), ids=lambda p: p.parent.name
)
def test_predictions_of_a_submission_are_written_as_they_are_read(path, tmp_path):
    write_joined(tmp_path / "again.h5", read_joined(path).values())
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()
