import json
import re
import shutil

import pytest

STUDY = """\
dataset: small.h5
allow_missing: true
tasks: [length]
levels: [1]
train_frames: 40
potentials: [composition]
"""


def one_study(command, folder, name="one"):
    (folder / f"{name}.yaml").write_text(f"name: {name}\n{STUDY}")
    assert command("run", f"{name}.yaml").status == 0


def test_several_studies_share_a_page_in_a_file_of_its_own(command, small, tmp_path):
    one_study(command, tmp_path)
    shutil.copytree(tmp_path / "results" / "one", tmp_path / "results" / "two")
    results = tmp_path / "results" / "two" / "results.json"
    results.write_text(json.dumps(json.loads(results.read_text()) | {"name": "two"}))

    outcome = command("report", "results/one", "results/two")
    assert outcome.status == 2
    assert "Give it by --out" in outcome.err

    outcome = command("report", "results/one", "results/two", "--out", "both.html", "--json")
    assert json.loads(outcome.out) == {"report": "both.html"}
    page = (tmp_path / "both.html").read_text("utf-8")
    assert re.findall(r'<option value="\d">(\w+)</option>', page)[:2] == ["one", "two"]
    assert page.count('class="report-data"') == 2
    assert '<template data-study="1">' in page


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium not installed: see Debian's chromium"
)
def test_figures_of_one_study_are_written_beside_the_page(command, small, tmp_path):
    one_study(command, tmp_path)
    outcome = command("report", "results/one", "--figures", "f", "--json")
    assert json.loads(outcome.out) == {
        "report": "results/one/report.html",
        "figures": ["f/leaderboard_L1.pdf", "f/leaderboard_L1.svg"],
    }
    assert (tmp_path / "f" / "leaderboard_L1.svg").is_file()


def test_figures_without_a_chromium_or_of_several_studies_are_refused(
    command, small, tmp_path, monkeypatch
):
    one_study(command, tmp_path)
    outcome = command("report", "results/one", "results/one", "--out", "x.html", "--figures", "f")
    assert outcome.status == 2
    assert "one study with --figures; found 2" in outcome.err

    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    outcome = command("report", "results/one", "--figures", "f")
    assert outcome.status == 2
    assert "apt-get install chromium" in " ".join(outcome.err.split())
    assert command("report", "results/one").status == 0  # the page needs none


def test_a_site_of_several_studies_has_their_numbers(command, small, tmp_path):
    for name in ("one", "two"):
        one_study(command, tmp_path, name)
        (tmp_path / "results" / name / "report.html").unlink()

    outcome = command("report", "results/one", "results/two", "--site", "site", "--json")
    document = json.loads(outcome.out)
    assert "report" not in document
    assert "site/data/two/certificates/length_L1.json" in document["site"]
    assert all((tmp_path / path).is_file() for path in document["site"])
    assert not (tmp_path / "results" / "one" / "report.html").exists()
    assert "site/index.html, with" in command("report", "results/one", "--site", "site").err
    assert not (tmp_path / "site" / "data" / "two").exists()


def test_an_archive_is_a_copy_without_predictions(command, small, tmp_path):
    one_study(command, tmp_path)
    outcome = command("archive", "results/one", "--out", "kept", "--json")
    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    assert json.loads(outcome.out) == {"archive": "kept", "files": len(files), "bytes": size}
    assert f"kept has {len(files)} files, {size / 1e6:.1f} MB" in outcome.err
    assert not [path for path in files if path.suffix == ".h5"]
    assert (tmp_path / "kept" / "results.json").is_file()
