"""The record of a training, where it was made, and repairs of what cannot be read."""

import platform

import pytest

from mlip_compose.core.errors import DamagedError
from mlip_compose.studies import results
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.repairs import Repairs, derived
from mlip_compose.studies.training import total_times


def test_time_before_a_resumption_counts():
    times = {"wall_s": 20.0, "cpu_s": 18.0}
    assert total_times(times, {}) == times
    assert total_times(times, {"training_wall_s": 19.0, "training_cpu_s": 17.0}) == times
    resumed = {"training_wall_s": 95.0, "training_cpu_s": 80.0}
    assert total_times(times, resumed) == {"wall_s": 95.0, "cpu_s": 80.0}


@pytest.mark.parametrize("cpuinfo", [None, "processor : 0\nCPU part : 0xd0c\n"])
def test_a_machine_that_does_not_describe_its_processor_has_its_architecture(
    monkeypatch, tmp_path, cpuinfo
):
    if cpuinfo is not None:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
    monkeypatch.setattr(results, "Path", lambda path: tmp_path / "cpuinfo")
    architecture = platform.processor() or platform.machine()
    assert results.provenance("run")["processor"] == architecture


def test_versions_are_those_of_the_packages_that_are_installed(monkeypatch):
    monkeypatch.setattr(results, "PACKAGES", ("numpy", "no-package-of-this-name"))
    assert set(results.provenance("run")["versions"]) == {"numpy"}


def test_a_damaged_file_is_made_anew_once_and_only_among_the_results(tmp_path):
    (tmp_path / "results").mkdir()
    path = tmp_path / "results" / "score.json"
    path.write_text("{")
    error = DamagedError(path, "no end")

    def read():
        with derived(tmp_path / "another"):
            raise error

    with pytest.raises(DamagedError, match=r"score\.json"):
        read()
    repairs = Repairs(ResultsDirectory(tmp_path / "results"))
    repairs.set_aside(error)
    assert not path.exists()
    with pytest.raises(DamagedError):
        repairs.set_aside(error)
    (tmp_path / "mine.h5").write_text("precious")
    with pytest.raises(DamagedError):
        repairs.set_aside(DamagedError(tmp_path / "mine.h5", "no end"))
    assert (tmp_path / "mine.h5").read_text() == "precious"
