"""Publication figures, drawn by the Chromium of this machine."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.parity import parities
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.plate_document import PIXELS
from mlip_compose.report.plates import COLUMN, PAGE, Pane, plates
from mlip_compose.report.printing import (
    _finished,
    fingerprint,
    fingerprint_in,
    plate_svg,
    write_figures,
)

ROOT = Path(__file__).parents[2]
HOSTILE = r"$\frac{ <script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"
chromium = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium not installed: see Debian's chromium"
)


@pytest.fixture(scope="module")
def small(make_results):
    """Return two potentials on one task, one of them with a name that is markup in three ways."""
    results = make_results(potentials=("additive", "mace-small"), failed=())
    rng = np.random.default_rng(0)
    molecule = assemble(parse_name("H-2-H"))
    forces, energy = rng.normal(0.0, 1.0, (9, 8, 3)), rng.normal(0.0, 0.2, 9)
    parity = parities(
        [Comparison(molecule, "id", energy, energy, forces, forces, np.zeros(8, dtype=bool))]
    )

    def named(part):
        renamed = {} if part.potential == "additive" else {"potential": HOSTILE}
        return part.model_copy(update=renamed)

    return results.model_copy(
        update={
            "units": tuple(named(unit) for unit in results.units if unit.task == "length"),
            "scores": tuple(
                named(score).model_copy(update={"parity": parity})
                for score in results.scores
                if score.task == "length"
            ),
            "certificates": (),
        }
    )


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    return write_figures(small, tmp_path_factory.mktemp("figures") / "new")


@pytest.fixture(scope="module")
def drawings(written):
    """Return the root of every SVG, by the name of its plate."""
    return {p.stem: ElementTree.parse(p).getroot() for p in written if p.suffix == ".svg"}


def words(drawing):
    return {"".join(text.itertext()) for text in drawing.iter(f"{SVG}text")}


def points(drawing, kind):
    return [g for g in drawing.iter(f"{SVG}{kind}") if "point" in g.get("class", "").split()]


@chromium
def test_every_figure_is_there_as_pdf_and_svg(written):
    names = ["leaderboard_L2", "map_length_L2", "error-against-n_length_L2", "cost_length_L2"]
    names.append("parity_length_L2")
    assert [path.name for path in written] == [f"{n}.{e}" for n in names for e in ("pdf", "svg")]
    assert sorted(written) == sorted(written[0].parent.iterdir())
    for path in written:
        start = b"%PDF" if path.suffix == ".pdf" else b"<?xml"
        assert path.read_bytes().startswith(start)


@chromium
def test_the_same_results_give_the_same_bytes(small, written, tmp_path):
    for before, path in zip(written, write_figures(small, tmp_path), strict=True):
        assert path.read_bytes() == before.read_bytes()
    for path in written:
        assert set(re.findall(rb"\(D:(\d{8})", path.read_bytes())) <= {b"20000101"}


@chromium
def test_ids_of_one_figure_are_in_no_other(drawings):
    ids = [{part.get("id") for part in drawing.iter()} - {None} for drawing in drawings.values()]
    assert all(ids)
    assert sum(map(len, ids)) == len(set().union(*ids))


@chromium
def test_letters_are_text_in_a_font(written, drawings):
    for path in written:
        if path.suffix == ".pdf":
            assert b"/FontFile2" in path.read_bytes()
    assert {"length", "additive", "gap, OOD / ID of Force MAE"} <= words(drawings["leaderboard_L2"])
    assert {"amine NH₂", "chain length n", "force MAE, meV/Å"} <= words(drawings["map_length_L2"])


@chromium
def test_figures_are_as_wide_as_columns_of_journals(written, drawings):
    assert drawings["leaderboard_L2"].get("width") == f"{72 * COLUMN:g}pt"
    assert drawings["map_length_L2"].get("width") == f"{72 * PAGE:g}pt"
    for path in written:
        if path.suffix == ".pdf":
            (box,) = re.findall(rb"/MediaBox \[0 0 (\S+) (\S+)\]", path.read_bytes())
            svg = drawings[path.stem]
            size = [float(svg.get(side).removesuffix("pt")) for side in ("width", "height")]
            assert [float(side) for side in box] == pytest.approx(size, abs=1.0)


@chromium
def test_maps_are_vectors_and_counts_pixels(drawings):
    assert list(drawings["map_length_L2"].iter(f"{SVG}image")) == []
    assert len(list(drawings["parity_length_L2"].iter(f"{SVG}image"))) > 0


@chromium
def test_every_mark_and_cell_is_drawn(small, drawings):
    named = {plate.name: plate for plate in plates(small)}
    marks = [
        x
        for pane in named["error-against-n_length_L2"].panes
        for trace in pane.figure["data"]
        if trace.get("visible", True) and "markers" in trace["mode"]
        for x in trace["x"]
        if x is not None
    ]
    drawn = points(drawings["error-against-n_length_L2"], "path")
    assert len(drawn) == len(marks)
    cells = [
        text
        for pane in named["map_length_L2"].panes
        for row in pane.figure["data"][0]["text"]
        for text in row
        if text
    ]
    bars = points(drawings["map_length_L2"], "g")
    assert ["".join(bar.itertext()) for bar in bars] == cells


@chromium
def test_names_are_shown_as_they_are_written(drawings):
    assert HOSTILE in words(drawings["leaderboard_L2"])
    for drawing in drawings.values():
        assert list(drawing.iter(f"{SVG}script")) == []


@chromium
def test_figures_stay_light(written):
    assert max(path.stat().st_size for path in written) < 300_000


@chromium
def test_an_svg_says_what_it_was_drawn_from(small, written):
    first = next(plates(small))
    assert fingerprint_in(written[1].read_text("utf-8")) == fingerprint(first)
    assert plate_svg(first) == written[1].read_text("utf-8")


def test_a_fingerprint_changes_with_what_is_drawn_and_not_with_what_is_not(small):
    plate = next(plates(small))

    def changed(**trace):
        figure = json.loads(json.dumps(plate.panes[0].figure))
        figure["data"][0] |= trace
        return fingerprint(replace(plate, panes=(Pane("", figure),)))

    assert changed() == changed(hovertemplate="other words") == fingerprint(plate)
    assert changed(x=[1.0]) != fingerprint(plate)
    assert fingerprint_in("<svg></svg>") is None


def test_an_svg_without_ids_has_its_size_in_points_and_its_fingerprint(small):
    figure = json.loads(json.dumps(next(plates(small)).panes[0].figure))
    figure["layout"] |= {"width": 2 * PIXELS, "height": PIXELS}
    svg = _finished('<svg width="700" height="350"><g/></svg>', figure)
    assert '<svg width="144pt" height="72pt"><g/></svg>' in svg
    assert fingerprint_in(svg) is not None


def test_without_kaleido_the_extra_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(MissingExtraError, match=r"mlip-compose\[figures\]"):
        write_figures(small, tmp_path)


def test_without_a_chromium_it_is_said_what_to_install(small, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    with pytest.raises(RequestError, match=r"found none on this machine.*apt-get install chromium"):
        write_figures(small, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_a_chromium_that_ends_at_once_is_named_and_no_file_is_left(small, tmp_path, monkeypatch):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    with pytest.raises(RequestError, match=r"found one that failed: .*close immediately"):
        write_figures(small, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


@pytest.fixture
def scratch():
    """Return an empty folder with a short name: that of Chromium's socket begins with it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@chromium
def test_a_signal_ends_the_drawing_and_its_chromium(tmp_path, scratch):
    """Signals and what they raise are no concern of kaleido's tasks, which would wait on."""
    board = str(ROOT / "results" / "leaderboard-v1")
    command = [sys.executable, "-m", "mlip_compose", "report", board]
    figures, page = tmp_path / "figures", tmp_path / "page.html"
    with subprocess.Popen(
        [*command, "--figures", figures, "--out", page],
        env=os.environ | {"TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(figures.glob("*.svg")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert said.count("\n") == 1
    assert "told to end (SIGTERM)" in said
    assert list(scratch.iterdir()) == []
    assert {path.suffix for path in figures.iterdir()} == {".pdf", ".svg"}
    assert not page.exists()
