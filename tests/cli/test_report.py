import json
import re
import shutil


def test_several_studies_share_a_page_in_a_file_of_its_own(command, tmp_path):
    study = "name: one\ndataset: mini-v1\ntasks: [length]\nlevels: [1]\ntrain_frames: 40\n"
    (tmp_path / "one.yaml").write_text(f"{study}potentials: [composition]\n")
    assert command("run", "one.yaml").status == 0
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
