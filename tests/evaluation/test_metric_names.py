import pytest

from mlip_compose.core.errors import UnknownNameError
from mlip_compose.evaluation.metric_names import METRICS, describe


def test_the_metrics_of_the_design_are_there():
    assert set(METRICS) >= {
        "forces_mae",
        "forces_rmse",
        "forces_mae_novel",
        "forces_rmse_novel",
        "forces_mae_familiar",
        "forces_rmse_familiar",
        "energy_mae_per_atom",
        "energy_mae_per_atom_offset",
        "energy_mae_per_atom_within",
        "reaction_mae",
    }


@pytest.mark.parametrize("name", METRICS)
def test_a_gap_divides_by_a_metric_of_the_same_unit_and_reducer(name):
    metric = describe(name)
    other = METRICS[metric.id_name]
    assert metric.name == name
    assert (other.unit, other.reducer, other.source) == (metric.unit, metric.reducer, metric.source)
    assert metric.power == (2 if "rmse" in name else 1)


def test_an_unknown_metric_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'forces_mae'"):
        describe("force_mae")
