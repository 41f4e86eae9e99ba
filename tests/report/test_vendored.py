import hashlib
import json

import pytest

from mlip_compose.report.page import FOLDER, MOL3D, PLOTLY, TABULATOR, TABULATOR_STYLE, vendored

PACKAGES = json.loads((FOLDER / "vendor.json").read_text("utf-8"))
FILES = [entry for package in PACKAGES for entry in package["files"]]


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry["file"])
def test_files_are_those_that_were_published(entry):
    content = (FOLDER / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_nothing_else_is_in_the_folder():
    there = {file.name for file in FOLDER.iterdir()}
    assert there == {"vendor.json", *(entry["file"] for entry in FILES)}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["package"])
def test_each_package_has_a_free_licence_beside_it(package):
    assert package["licence"] in {"MIT", "BSD-3-Clause"}
    (licence,) = [e["file"] for e in package["files"] if e["file"].endswith(".LICENSE.txt")]
    text = " ".join((FOLDER / licence).read_text("utf-8").split())
    assert "Copyright" in text
    words = {
        "MIT": "Permission is hereby granted",
        "BSD-3-Clause": "Redistribution and use in source",
    }
    assert words[package["licence"]] in text


@pytest.mark.parametrize("file", [PLOTLY, TABULATOR, TABULATOR_STYLE, MOL3D])
def test_what_goes_into_the_page_fits_into_an_element(file):
    text = vendored(file)
    assert "</script" not in text
    assert "</style" not in text
    assert "sourceMappingURL" not in text
    assert len(text) > 10_000
