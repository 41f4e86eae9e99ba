"""The force error whose ID average has the mix of environments of the OOD frames."""

from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.core.errors import DataError
from mlip_compose.evaluation.metric_names import MATCHED
from mlip_compose.evaluation.metrics import frame_errors
from mlip_compose.evaluation.score import score


@pytest.fixture
def comparisons(molecule, compare):
    """Return two ID molecules and an OOD one: errors of 10 on carbon, 1 on hydrogen, meV/A."""

    def make(name, part, numbers, weights=None):
        own = molecule(name, numbers)
        errors = np.where(own.numbers == 6, 0.01, 0.001)[None, :, None]
        found = compare(own, part, np.zeros(3), errors)
        return replace(found, matching=None if weights is None else np.array(weights))

    return [
        make("H-2-H", "id", [6, 1, 1], [2.0, 0.5, 0.5]),
        make("H-3-H", "id", [6, 6, 1], [2.0, 2.0, 0.0]),
        make("H-9-H", "ood", [6, 6, 6, 1]),
    ]


def test_it_is_the_weighted_mean_over_all_atoms(comparisons, header):
    found = score(header(), comparisons, train=["H-2-H", "H-3-H"], ood=["H-9-H"], resamples=50)
    metric = found.metric(MATCHED)
    assert metric.id.value == pytest.approx((2 * 10 + 0.5 + 0.5 + 2 * 10 + 2 * 10) / 7, rel=1e-5)
    assert metric.ood == found.metric("forces_mae").ood
    assert metric.gap.value == pytest.approx(metric.ood.value / metric.id.value)
    assert metric.id.low < metric.id.value < metric.id.high
    assert found.metric("forces_mae").id.value == pytest.approx((3 * 10 + 3 * 1) / 6, rel=1e-5)


def test_equal_errors_on_like_atoms_have_a_gap_of_one(comparisons, header):
    weights = {"H-2-H": [1.5, 0.5, 0.5], "H-3-H": [1.5, 1.5, 0.5]}
    comparisons = [
        replace(c, matching=np.array(weights[c.molecule.name])) if c.part == "id" else c
        for c in comparisons
    ]
    found = score(header(), comparisons, train=["H-2-H", "H-3-H"], ood=["H-9-H"], resamples=50)
    assert found.metric(MATCHED).gap.value == pytest.approx(1.0, rel=1e-5)
    assert found.metric("forces_mae").gap.value > 1.4


def test_a_molecule_without_weight_is_in_no_average(comparisons):
    errors = frame_errors(replace(comparisons[0], matching=np.zeros(3)), None)
    assert MATCHED not in errors.values
    assert "forces_mae" in errors.values


def test_without_weights_there_is_no_gap(comparisons, header):
    plain = [replace(each, matching=None) for each in comparisons]
    metric = score(header(), plain, train=["H-2-H", "H-3-H"], ood=["H-9-H"]).metric(MATCHED)
    assert (metric.id, metric.gap) == (None, None)
    assert metric.ood is not None


def test_weights_of_another_shape_are_refused(comparisons, header):
    wrong = [replace(comparisons[0], matching=np.ones(2)), *comparisons[1:]]
    with pytest.raises(DataError, match=r"weights of atoms .* of shape \(3,\)"):
        score(header(), wrong, train=["H-2-H", "H-3-H"], ood=["H-9-H"])
