"""The numbers of a study as tables."""

import csv
import io

from builders import seed_summary, seed_value

from mlip_compose.report.csv_tables import csv_text, tables_of


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def named(results):
    return {table.name: rows(csv_text(table.rows)) for table in tables_of(results)}


def test_every_value_of_every_score_is_in_the_leaderboard(results):
    found = {
        (row["task"], row["potential"], row["metric"], row["quantity"]): row
        for row in named(results)["leaderboard"]
    }
    expected = 0
    for score in results.scores:
        for metric in score.metrics:
            for quantity in ("id", "ood", "gap"):
                interval = getattr(metric, quantity)
                if interval is None:
                    continue
                expected += 1
                row = found[score.task, score.potential, metric.name, quantity]
                assert float(row["value"]) == float(f"{interval.value:.8g}")
                assert float(row["low"]) == float(f"{interval.low:.8g}")
                assert row["unit"] == ("1" if quantity == "gap" else metric.unit)
                assert row["reference"] == "gfn2-xtb"
    assert len(found) == expected


def test_seeds_stand_beside_their_mean(make_results):
    results = make_results(potentials=("composition", "mace-small"), seeds=(0, 1), failed=())
    scores = [s for s in results.scores if (s.task, s.potential) == ("length", "mace-small")]
    ood = scores[0].metric("forces_mae").ood
    summary = seed_summary(scores[0], ood=seed_value(ood, sd=1.25), failed_frames=3)
    found = named(results.model_copy(update={"seed_summaries": (summary,)}))["leaderboard"]
    (mean,) = (row for row in found if row["seed"] == "mean")
    assert (mean["quantity"], float(mean["value"])) == ("ood", float(f"{ood.value:.8g}"))
    assert (mean["sd_over_seeds"], mean["failed_frames"]) == ("1.25", "3")
    own = [row for row in found if row["task"] == "length" and row["potential"] == "mace-small"]
    assert {row["seed"] for row in own} == {"mean", "0", "1"}


def test_molecules_and_trainings_are_complete(results):
    tables = named(results)
    assert len(tables["molecules"]) == sum(len(score.molecules) for score in results.scores)
    first, row = results.scores[0].molecules[0], tables["molecules"][0]
    assert (row["molecule"], float(row["forces_mae"])) == (
        first.molecule,
        first.values["forces_mae"],
    )
    (failed,) = (row for row in tables["trainings"] if row["status"] == "failed")
    assert failed["reason"] == "training of mace-small: the loss became NaN at step 312"
    assert len(tables["trainings"]) == len(results.units)
    assert "reactions" not in tables  # there are none


def test_a_curve_has_a_row_a_validation(results):
    curve = [{"step": 10, "forces_mae": 90.5}, {"step": 20, "forces_mae": 40.25}]
    unit = results.units[0].model_copy(update={"facts": {"validation_curve": curve}})
    changed = results.model_copy(update={"units": (unit, *results.units[1:])})
    found = named(changed)["learning"]
    assert [(row["step"], row["forces_mae"]) for row in found] == [("10", "90.5"), ("20", "40.25")]
    assert found[0]["training"] == unit.id


def test_columns_are_those_of_all_rows():
    assert csv_text([{"a": 1}, {"b": "x,y", "a": 2}]) == 'a,b\n1,\n2,"x,y"\n'
