"""Progress where stderr is no terminal: a line a minute."""

from types import SimpleNamespace

from mlip_compose.cli import progress


def test_the_log_of_a_batch_job_has_a_line_a_minute(monkeypatch, capsys):
    now = 0.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    bars = progress.progress_bars()
    bars.get_time = lambda: now
    listener = progress.unit_bar(bars, "build tiny")
    bars.add_task("not begun", total=1.0)
    for now, fraction in ((60.0, 0.25), (92.0, 0.5), (120.0, 0.75), (183.0, 1.0)):  # noqa: B007
        listener("OH-1-H", fraction, None)
    assert capsys.readouterr().err.splitlines() == [
        "build tiny: OH-1-H: 50 % after 0:01:32, about 0:01:04 left",
    ]
