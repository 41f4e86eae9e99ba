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


def test_a_count_of_frames_is_shown_ten_times_a_second(monkeypatch):
    now, shown = 0.0, []
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    bars = progress.progress_bars()
    monkeypatch.setattr(bars, "update", lambda bar, description: shown.append(description))
    count = progress.count_bar(bars, "read")
    for now in (0.0, 0.05, 0.2):
        count("a.xyz", 1000 + round(100 * now))
    assert shown == ["read a.xyz: 1,000 frames", "read a.xyz: 1,020 frames"]
