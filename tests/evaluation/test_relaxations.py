import pytest

from mlip_compose.evaluation.relaxations import relaxations
from mlip_compose.evaluation.score import score


def test_distances_and_failures_by_part(header, molecule, compare):
    train, ood = ["H-1-H", "H-2-H", "H-3-H"], ["OH-1-H", "OH-2-H"]
    comparisons = [compare(molecule(name), "id", [0.0]) for name in train]
    comparisons += [compare(molecule(name), "ood", [0.0]) for name in ood]
    made = header(
        relaxed_rmsd={"H-1-H": 0.01, "H-2-H": 0.03, "OH-1-H": 0.2},
        failed_relaxations={"H-3-H": "no minimum", "OH-2-H": "bonds broke"},
    )
    first, second = relaxations([score(made, comparisons, train=train, ood=ood, resamples=50)])
    assert (first.part, first.molecules, first.failed) == ("id", 2, {"H-3-H": "no minimum"})
    assert first.rmsd.value == pytest.approx(0.02)
    assert first.rmsd.low is not None
    assert (first.largest, first.largest_of, first.unit) == (0.03, "H-2-H", "Å")
    assert (second.part, second.rmsd.value, second.rmsd.low) == ("ood", 0.2, None)
    assert second.failed == {"OH-2-H": "bonds broke"}


def test_what_was_not_relaxed_is_not_there(header, molecule, compare):
    comparisons = [compare(molecule("H-1-H"), "id", [0.0])]
    assert relaxations([score(header(), comparisons, train=["H-1-H"], ood=[], resamples=5)]) == ()


def test_where_all_failed_there_is_no_distance(header, molecule, compare):
    made = header(failed_relaxations={"H-1-H": "no minimum"})
    comparisons = [compare(molecule("H-1-H"), "id", [0.0])]
    first, _ = relaxations([score(made, comparisons, train=["H-1-H"], ood=[], resamples=5)])
    assert (first.molecules, first.rmsd, first.largest) == (0, None, None)
