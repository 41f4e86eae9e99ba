"""The report as a static site."""

import hashlib
import json
import re

import pytest

from mlip_compose.core.errors import SchemaError, UnwritableError
from mlip_compose.report.site import MANIFEST, write_site


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def other(results, name):
    return results.model_copy(update={"name": name})


def test_the_manifest_lists_all_data_with_checksums(results, tmp_path):
    written = write_site(tmp_path / "site", [results])
    found = contents(tmp_path / "site")
    assert {str(path.relative_to(tmp_path / "site")) for path in written} == set(found)
    manifest = json.loads(found[MANIFEST])
    assert {file["path"] for file in manifest["files"]} == {
        path for path in found if path.startswith("data/") and path != MANIFEST
    }
    for file in manifest["files"]:
        content = found[file["path"]]
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["bytes"] == len(content)
    assert found[".nojekyll"] == b""


def test_each_certificate_is_there_whole(results, tmp_path):
    write_site(tmp_path, [results])
    for certificate in results.certificates:
        path = tmp_path / f"data/quick/certificates/{certificate['task']}_L2.json"
        assert json.loads(path.read_text()) == json.loads(json.dumps(certificate))


def test_every_link_of_the_page_leads_to_a_file(results, tmp_path):
    write_site(tmp_path, [results, other(results, "again")])
    page = (tmp_path / "index.html").read_text("utf-8")
    links = set(re.findall(r'<a href="(data/[^"]+)"', page))
    assert {link.split("/")[1] for link in links} == {"quick", "again", "manifest.json"}
    for link in links:
        assert (tmp_path / link).is_file()


def test_the_same_results_give_the_same_site(results, tmp_path):
    write_site(tmp_path / "a", [results])
    write_site(tmp_path / "b", [results])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_what_an_earlier_site_had_is_removed_and_nothing_else(results, tmp_path):
    site = tmp_path / "site"
    write_site(site, [results, other(results, "again")])
    (site / "CNAME").write_text("potentials.example")
    (site / "data" / "again" / "mine.txt").write_text("keep")
    write_site(site, [results])
    found = contents(site)
    assert found["CNAME"] == b"potentials.example"
    assert [path for path in found if "again" in path] == ["data/again/mine.txt"]


def test_a_list_that_leads_elsewhere_removes_nothing(results, tmp_path):
    site = tmp_path / "site"
    write_site(site, [results])
    (tmp_path / "precious").write_text("x")
    manifest = json.loads((site / MANIFEST).read_text())
    manifest["files"] += [{"path": path} for path in ("../precious", "data/../../precious", "/etc")]
    (site / MANIFEST).write_text(json.dumps(manifest))
    write_site(site, [results])
    assert (tmp_path / "precious").read_text() == "x"


def test_what_cannot_be_removed_is_named(results, tmp_path):
    write_site(tmp_path, [results])
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / "data" / "mine").mkdir()
    manifest["files"].append({"path": "data/mine"})
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(UnwritableError, match="data/mine"):
        write_site(tmp_path, [results])


@pytest.mark.parametrize("text", ["{", "[]", '{"files": [1]}', '{"files": 3}'])
def test_a_damaged_list_is_named(results, tmp_path, text):
    write_site(tmp_path, [results])
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(SchemaError, match=r"manifest.json"):
        write_site(tmp_path, [results])


def test_names_that_lead_elsewhere_are_refused(results, tmp_path):
    site = tmp_path / "site"
    for name in ("../up", "a/b", "", ".."):
        with pytest.raises(SchemaError, match="names"):
            write_site(site, [other(results, name)])
    certificate = results.certificates[0] | {"task": "../../up"}
    with pytest.raises(SchemaError, match="names"):
        write_site(site, [results.model_copy(update={"certificates": (certificate,)})])
    with pytest.raises(SchemaError, match="quick twice"):
        write_site(site, [results, results])
    assert not site.exists()
