"""Rows: records that share fields are made of each other, and keep their keys in order."""

from builders import prediction_header, score

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import SplitKey
from mlip_compose.core.rows import Row


def test_a_row_names_its_split():
    assert score(task="transfer", level=3, seed=7).key == SplitKey("transfer", 3, 7)


def test_a_record_gives_the_fields_that_another_one_has():
    class Named(Strict):
        potential: str
        settings: dict[str, int]
        colour: str = "blue"

    header = prediction_header(potential="mine", settings={"layers": 2})
    assert header.shared_with(Named) == {"potential": "mine", "settings": {"layers": 2}}
    assert Row(**header.shared_with(Row)).shared_with(Named) == {"potential": "mine"}


def test_the_keys_of_a_score_stand_in_the_order_of_files():
    head = ["schema_version", "task", "level", "coverage_radius", "potential", "role", "seed"]
    head += ["dataset", "dataset_sha256", "reference", "train_frames", "train_molecules"]
    assert list(score().model_dump())[: len(head)] == head
