"""A package of somebody else's, that of docs/plugins.md, in an environment of its own.

It adds a potential, a task, a reference and a reader; a study runs with them. The study of the
page is no ``yaml`` block but ``yml``: tests/docs hold the former to the names of our own.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import mlip_compose as mc
from mlip_compose.core.units import BOHR, HARTREE, HARTREE_PER_BOHR

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
BROKEN = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "broken-plugin"
version = "3.0"
[project.entry-points."mlip_compose.potentials"]
broken = "broken_plugin:POTENTIAL"
[project.entry-points."mlip_compose.tasks"]
length = "broken_plugin:TASK"
"""


def block(language):
    """Return the one block of a language that the page has."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.S | re.M)
    return text


def build(source, out):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return wheel


class Environment:
    """A fresh virtual environment: wheels that are installed, and heavy packages of this one."""

    def __init__(self, folder):
        venv.create(folder, symlinks=True)
        self.python = folder / "bin" / "python"
        site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        (site / "heavy.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def pip(self, *arguments):
        command = [sys.executable, "-m", "pip", "--python", self.python, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def install(self, wheel):
        self.pip("install", "--no-deps", "--no-index", "--force-reinstall", wheel)

    def call(self, folder, *arguments, status=0):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        outcome = subprocess.run(
            [self.python, "-m", "mlip_compose", *arguments],
            cwd=folder,
            env=environment | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode == status, outcome.stderr
        return outcome

    def json(self, folder, *arguments):
        return json.loads(self.call(folder, *arguments, "--json").stdout)


def package(folder, version="1.0"):
    """Write the two files of the page."""
    folder.mkdir()
    document = block("toml").replace('version = "1.0"', f'version = "{version}"')
    (folder / "pyproject.toml").write_text(document)
    (folder / "mlip_springs.py").write_text(block("python"))
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins")
    made = Environment(folder / "venv")
    made.install(build(ROOT, folder / "ours"))
    made.install(build(package(folder / "mlip-springs"), folder / "springs"))
    return made


def test_listings_say_where_a_name_comes_from(environment, tmp_path):
    potentials = environment.json(tmp_path, "potentials", "list")
    assert [row["name"] for row in potentials if "package" in row] == ["springs"]
    assert potentials[-1]["package"] == "mlip-springs 1.0"
    tasks = environment.json(tmp_path, "tasks", "list")
    assert [(row["name"], row["package"]) for row in tasks if "package" in row] == [
        ("evens", "mlip-springs 1.0")
    ]
    for noun in ("potentials", "tasks"):
        assert "mlip-springs 1.0" in environment.call(tmp_path, noun, "list").stdout
    shown = environment.json(tmp_path, "potentials", "show", "springs")
    assert shown["settings"]["stiffness"]["default"] == 30.0


def test_a_study_runs_with_its_potential_and_its_task(environment, tmp_path):
    (tmp_path / "study.yaml").write_text(block("yml"))
    results = environment.json(tmp_path, "run", "study.yaml", "-j", "1")
    assert results["provenance"]["versions"]["mlip-springs"] == "1.0"
    assert {score["task"] for score in results["scores"]} == {"evens"}
    errors = {
        score["potential"]: next(m for m in score["metrics"] if m["name"] == "forces_mae")
        for score in results["scores"]
    }
    assert errors["springs"]["ood"]["value"] < errors["composition"]["ood"]["value"]
    directory = tmp_path / "results" / "springs"
    assert (directory / "report.html").is_file()
    (path,) = (directory / "predictions").glob("*springs*.h5")
    assert mc.read_predictions(path).header.software["mlip-springs"] == "1.0"
    ids = {unit["potential"]: unit["id"] for unit in results["units"]}
    record = json.loads((directory / "trainings" / ids["springs"] / "unit.json").read_text())
    assert record["identity"]["packages"] == {"mlip-springs": "1.0"}

    environment.install(build(package(tmp_path / "newer", "1.1"), tmp_path / "newer-wheel"))
    try:
        newer = environment.json(tmp_path, "run", "study.yaml", "-j", "1")
    finally:
        environment.install(build(package(tmp_path / "older"), tmp_path / "older-wheel"))
    assert not set(ids.values()) & {unit["id"] for unit in newer["units"]}
    assert newer["provenance"]["versions"]["mlip-springs"] == "1.1"


def test_its_reference_labels_a_molecule(environment, tmp_path):
    arguments = ("mini-v1", "-r", "gfn1-xtb", "-m", "OH-1-H", "--frames", "2", "--secondary", "1")
    environment.json(tmp_path, "data", "relabel", *arguments, "-o", "gfn1.h5", "-j", "1")
    dataset = mc.open_dataset(tmp_path / "gfn1.h5")
    assert dataset.reference == "gfn1-xtb"
    assert dataset.header.reference_settings == {"accuracy": 1.0}
    assert dataset.header.software["mlip-springs"] == "1.0"
    original = mc.open_dataset("mini-v1").frames("OH-1-H", "primary").energy
    shift = dataset.frames("OH-1-H", "primary").energy - original[[0, -1]]
    assert abs(shift).min() > 1.0  # eV: another level of theory
    refused = environment.call(
        tmp_path, "data", "relabel", *arguments, "-o", "no.h5", "--set", "acuracy=1", status=2
    )
    assert "Did you mean 'accuracy'" in refused.stderr


def written(molecule, frames):
    """Return frames in the format of the page's reader, in atomic units."""
    from ase.data import chemical_symbols

    lines = []
    positions = frames.positions.astype(float) / BOHR
    forces = frames.forces.astype(float) / HARTREE_PER_BOHR
    for energy, *geometry in zip(frames.energy.tolist(), positions, forces, strict=True):
        lines.append(f"{molecule.n_atoms} {energy / HARTREE!r}")
        for z, x, f in zip(molecule.numbers, *geometry, strict=True):
            values = " ".join(map(repr, [*x.tolist(), *f.tolist()]))
            lines.append(f"{chemical_symbols[z]} {values}")
    return "\n".join(lines) + "\n"


def test_its_reader_is_asked_for_its_suffix(environment, tmp_path):
    dataset = mc.open_dataset("mini-v1")
    molecule = dataset.molecules["OH-1-H"]
    (tmp_path / "measured").mkdir()
    for trajectory in ("primary", "secondary"):
        text = written(molecule, dataset.frames(molecule.name, trajectory))
        (tmp_path / "measured" / f"{trajectory}.frames").write_text(text)
    command = ("data", "import", "measured", "-r", "gfn2-xtb", "-n", "measured", "-o")
    environment.json(tmp_path, *command, "measured.h5")
    again = mc.open_dataset(tmp_path / "measured.h5")
    for trajectory in ("primary", "secondary"):
        original = dataset.frames(molecule.name, trajectory)
        imported = again.frames(molecule.name, trajectory)
        assert abs(original.energy - imported.energy).max() < 1e-6
        assert abs(original.forces - imported.forces).max() < 1e-4
    (tmp_path / "measured" / "primary.frames").write_text("2 no-number\n")
    refused = environment.call(tmp_path, *command, "wrong.h5", status=2)
    assert "primary.frames" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_broken_package_stands_in_the_way_of_nothing(environment, tmp_path):
    source = tmp_path / "broken"
    source.mkdir()
    (source / "pyproject.toml").write_text(BROKEN)
    (source / "broken_plugin.py").write_text("import no_such_package\n")
    environment.install(build(source, tmp_path / "wheel"))
    entry = "the entry point broken = broken_plugin:POTENTIAL of the package broken-plugin 3.0"
    try:
        potentials = environment.call(tmp_path, "potentials", "list", "--json")
        assert "springs" in {row["name"] for row in json.loads(potentials.stdout)}
        assert entry in potentials.stderr
        tasks = environment.call(tmp_path, "tasks", "list", "--json")
        assert "'length', which is a task of mlip-compose" in tasks.stderr
        assert environment.json(tmp_path, "tasks", "show", "length", "--level", "1")
        (tmp_path / "study.yaml").write_text(block("yml").replace("springs]", "broken]"))
        refused = environment.call(tmp_path, "run", "study.yaml", status=2)
        assert entry in refused.stderr
        assert "No module named 'no_such_package'" in refused.stderr
        assert "Traceback" not in refused.stderr
    finally:
        environment.pip("uninstall", "--yes", "broken-plugin")
