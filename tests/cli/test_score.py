import json
from pathlib import Path

from small_study import write_small


def test_a_score_says_where_the_error_is(command, tmp_path):
    groups = ("OH", "NH2", "SH", "F", "Cl")
    write_small(tmp_path / "small.h5", [f"{x}-{n}-H" for x in groups for n in (1, 2, 7)])
    small = ("--dataset", "small.h5", "--allow-missing")
    command("train", "length", "composition", *small, "--level", "1", "--train-frames", "40")
    (predictions,) = Path("results/train/predictions").iterdir()
    shown = command("score", predictions, *small)
    assert shown.status == 0
    assert "Where the OOD force error is largest" in shown.out
    assert "bonds from the nearest novel atom" in shown.out
    attribution = json.loads(command("score", predictions, *small, "--json").out)["attribution"]
    assert [grouping["name"] for grouping in attribution["forces"]] == [
        "family",
        "chain",
        "element",
        "end_distance",
        "novel_distance",
    ]
    elements = [row["group"] for row in attribution["forces"][2]["rows"] if row["part"] == "ood"]
    assert elements == ["H", "C", "N", "O", "F", "S", "Cl"]
