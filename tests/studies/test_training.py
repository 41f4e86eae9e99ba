"""The record of a training."""

from mlip_compose.studies.training import total_times


def test_time_before_a_resumption_counts():
    times = {"wall_s": 20.0, "cpu_s": 18.0}
    assert total_times(times, {}) == times
    assert total_times(times, {"training_wall_s": 19.0, "training_cpu_s": 17.0}) == times
    resumed = {"training_wall_s": 95.0, "training_cpu_s": 80.0}
    assert total_times(times, resumed) == {"wall_s": 95.0, "cpu_s": 80.0}
