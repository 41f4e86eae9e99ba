import numpy as np
import pytest

from mlip_compose.evaluation.attribution import distance_from_end_group
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.score import score

TRAIN = ["H-2-H", "H-3-H", "NH2-1-H", "NH2-2-H"]
OOD = ["NH2-4-H", "OH-4-NH2", "H-5-H"]


@pytest.fixture
def attributed(header, compare, assembled):
    """Attribute errors: a function of a molecule gives the force errors (eV/A) of its atoms."""

    def make(forces, novel=lambda molecule: False, order=1, names=(TRAIN, OOD), **changes):
        comparisons = []
        for part, members in zip(("id", "ood"), names, strict=True):
            for name in members:
                molecule = assembled(name)
                error = np.broadcast_to(forces(molecule), molecule.n_atoms)[:, None]
                marked = novel(molecule) if part == "ood" else False
                comparisons.append(compare(molecule, part, [0.1, 0.2, 0.3], error, marked))
        if changes:
            changes["change"](comparisons)
        result = score(header(), comparisons[::order], train=names[0], ood=names[1], resamples=200)
        return result.attribution

    return make


def grouping(attribution, name):
    return next(grouping for grouping in attribution.forces if grouping.name == name)


def values(attribution, name, part="ood"):
    rows = grouping(attribution, name).rows
    return {r.group: r.forces_mae.value for r in rows if r.part == part}


def test_an_error_of_nitrogen_alone_is_at_nitrogen_and_at_the_end_group(attributed, assembled):
    found = attributed(lambda m: np.where(m.numbers == 7, 0.05, 0.0))
    assert values(found, "element") == pytest.approx({"H": 0, "C": 0, "N": 50, "O": 0}, abs=1e-9)
    rows = {(r.part, r.group): r for r in grouping(found, "element").rows}
    assert rows["ood", "N"].share == pytest.approx(1.0)
    assert rows["ood", "N"].forces_mae.low == pytest.approx(50.0)
    counts = [rows["id", "N"].atoms, rows["id", "N"].molecules, rows["id", "N"].frames]
    assert counts == [2, 2, 6]
    # NH2-4-H: N of NH2. OH-4-NH2: N among O, H, N, H, H. Both at 0 bonds.
    assert values(found, "end_distance")["0"] == pytest.approx(50 * 2 / 8)
    assert {v for k, v in values(found, "end_distance").items() if k != "0"} == {0.0}
    # The amino alcohol counts as amine and as alcohol.
    n_atoms = {name: assembled(name).n_atoms for name in OOD}
    assert values(found, "family") == pytest.approx(
        {
            "H": 0.0,
            "NH2": 50 * 2 / (n_atoms["NH2-4-H"] + n_atoms["OH-4-NH2"]),
            "OH": 50 / n_atoms["OH-4-NH2"],
        }
    )
    assert set(values(found, "family", "id")) == {"H", "NH2"}


def test_an_error_two_bonds_from_the_end_group_is_there_and_nowhere_else(attributed):
    found = attributed(lambda m: np.where(distance_from_end_group(m) == 2, -0.03, 0.0))
    for part in ("id", "ood"):
        at = values(found, "end_distance", part)
        assert at.pop("2") == pytest.approx(30.0)
        assert set(at.values()) == {0.0}
    assert list(values(found, "end_distance")) == ["0", "1", "2", "3", "4"]


def test_an_error_of_one_chain_length_is_in_its_row(attributed):
    found = attributed(lambda m: 0.02 if m.parts.chain == 4 else 0.001)
    assert values(found, "chain") == pytest.approx({"4": 20.0, "5": 1.0})
    assert values(found, "chain", "id") == pytest.approx({"1": 1.0, "2": 1.0, "3": 1.0})
    rows = {(r.part, r.group): r for r in grouping(found, "chain").rows}
    assert rows["ood", "5"].forces_mae.low is None  # one molecule: nothing to resample
    assert rows["ood", "4"].forces_mae.low is not None


def test_chain_lengths_are_in_numeric_order(attributed):
    found = attributed(lambda m: 0.1, names=(TRAIN, ["H-10-H", "H-9-H", "OH-12-H"]))
    assert list(values(found, "chain")) == ["9", "10", "12"]


def test_distances_from_novel_atoms_are_of_ood_frames_alone(attributed):
    def novel(molecule):
        return molecule.numbers == 8

    found = attributed(lambda m: np.where(m.numbers == 8, 0.08, 0.01), novel)
    at = values(found, "novel_distance")
    assert at["0"] == pytest.approx(80.0)
    assert at["1"] == pytest.approx(10.0)
    assert list(at)[-1] == "none"
    assert at["none"] == pytest.approx(10.0)
    rows = {(r.part, r.group): r for r in grouping(found, "novel_distance").rows}
    assert rows["ood", "none"].molecules == 2
    assert {part for part, _ in rows} == {"ood"}


def test_novel_atoms_have_the_error_of_their_metric(header, compare, assembled):
    comparisons = []
    for seed, name in enumerate(OOD):
        molecule = assembled(name)
        errors = np.random.default_rng(seed).normal(size=(3, molecule.n_atoms, 3))
        comparisons.append(compare(molecule, "ood", [0.1] * 3, errors, molecule.numbers == 7))
    result = score(header(), comparisons, train=[], ood=OOD, resamples=200)
    rows = {r.group: r for r in grouping(result.attribution, "novel_distance").rows}
    novel = result.metric("forces_mae_novel").ood
    assert rows["0"].forces_mae.value == pytest.approx(novel.value)
    assert rows["0"].forces_mae.low == pytest.approx(novel.low)
    assert rows["0"].molecules == 2


def test_without_novel_atoms_all_molecules_are_one_group(attributed):
    found = attributed(lambda m: 0.01)
    assert values(found, "novel_distance") == pytest.approx({"none": 10.0})


def test_groups_of_atoms_add_up_to_the_whole(attributed):
    rng = np.random.default_rng(5)
    found = attributed(lambda m: rng.random(m.n_atoms), lambda m: m.numbers == 7)
    for name in ("chain", "element", "end_distance", "novel_distance"):
        rows = [r for r in grouping(found, name).rows if r.part == "ood"]
        assert sum(r.share for r in rows) == pytest.approx(1.0), name
    assert sum(r.atoms for r in grouping(found, "element").rows) == sum(
        r.atoms for r in grouping(found, "end_distance").rows
    )


def test_failed_frames_are_in_no_group(attributed):
    def fail(comparisons):
        comparisons[0].predicted_forces[0, 0, 0] = np.nan  # H-2-H, id
        comparisons[-1].predicted_energy[:] = np.inf  # H-5-H, ood

    found = attributed(lambda m: 0.02, change=fail)
    alkanes = [r for r in grouping(found, "family").rows if r.group == "H"]
    assert [(r.part, r.molecules, r.frames) for r in alkanes] == [("id", 2, 5)]
    assert values(found, "family", "id")["H"] == pytest.approx(20.0)
    (raw, *_) = found.energy
    counts = {(r.part, r.group): (r.molecules, r.frames) for r in raw.rows}
    assert counts["id", "H"] == (2, 5)
    assert ("ood", "H") not in counts
    assert counts["ood", "all"] == (2, 6)


def test_the_order_of_comparisons_makes_no_difference(attributed):
    def forces(molecule):
        return np.random.default_rng(molecule.n_atoms).random(molecule.n_atoms)

    def novel(molecule):
        return molecule.numbers == 8

    assert attributed(forces, novel) == attributed(forces, novel, order=-1)


def test_every_number_has_its_unit_and_what_is_averaged(attributed):
    found = attributed(lambda m: 0.01)
    assert [g.name for g in found.forces] == [
        "family",
        "chain",
        "element",
        "end_distance",
        "novel_distance",
    ]
    assert all(g.unit == "meV/Å" and "mean absolute error" in g.aggregation for g in found.forces)
    assert all(s.slope_unit == "meV per CH2" and s.unit == "meV" for s in found.energy)


def test_scores_without_an_attribution_can_be_read(header, compare, assembled):
    comparisons = [compare(assembled(name), "id", [0.1]) for name in TRAIN]
    result = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=10)
    assert Score.model_validate_json(result.model_dump_json()) == result
    old = result.model_dump(mode="json")
    del old["attribution"]
    assert Score.model_validate(old).attribution is None


def test_errors_of_molecules_without_bonds_have_no_distance(header, compare, molecule):
    """Only elements are known of such molecules; no atom has a place, and none gets one."""
    comparisons = [compare(molecule("H-2-H"), "id", [0.1], 0.01)]
    found = score(header(), comparisons, train=["H-2-H"], ood=[], resamples=10).attribution
    assert values(found, "element", "id") == pytest.approx({"H": 10.0, "C": 10.0})
    assert not grouping(found, "novel_distance").rows
