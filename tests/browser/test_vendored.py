import hashlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "vendor"
(AXE,) = json.loads((FOLDER / "vendor.json").read_text("utf-8"))


@pytest.mark.parametrize("entry", AXE["files"], ids=lambda entry: entry["file"])
def test_files_are_those_that_were_published(entry):
    content = (FOLDER / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_nothing_else_is_in_the_folder():
    there = {file.name for file in FOLDER.iterdir()}
    assert there == {"vendor.json", *(entry["file"] for entry in AXE["files"])}


def test_the_licence_is_beside_it():
    text = (FOLDER / "axe.LICENSE.txt").read_text("utf-8")
    assert AXE["licence"] == "MPL-2.0"
    assert "Mozilla Public License, version 2.0" in text
