"""Molecules that are none of the benchmark's: imported, split, certified, fitted, on a page."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import mlip_compose as mc
from mlip_compose.cli.app import app
from mlip_compose.core.records import Failure, Frames, Parts
from mlip_compose.core.units import KCAL_PER_MOL
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.references.registry import get_reference
from mlip_compose.sampling.conformers import conformer_pool
from mlip_compose.store.formats.extended_xyz import extended_xyz

GROUPS = ("*Br", "*OC", "*C=C")
PAIRS = (("*Br", "*OC"), ("*Br", "*C=C"), ("*OC", "*C=C"), ("*Br", "*Br"))
OTHERS = {"benzene": "c1ccccc1", "cyclohexane": "C1CCCCC1", "acetate": "CC(=O)[O-]"}
STUDY = """\
name: others
dataset: {store}
tasks: [length, recombination, rings.yaml]
levels: [1]
train_frames: 30
potentials: [composition, additive]
"""
RINGS = """\
name: rings
summary: train on molecules without a ring, test on those with one
frames: random
train: {without: {smarts: "[R]"}, elements: [H, C, O]}
ood: {smarts: "[R]"}
"""


def command(arguments):
    """Run a command and return what it prints on stdout."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def molecules():
    parts = [Parts("H", n, "H") for n in range(2, 9)]
    parts += [Parts(group, n, "H") for group in GROUPS for n in range(1, 9)]
    parts += [Parts(x, 2, y) for x, y in PAIRS]
    yield from map(assemble, parts)
    for name, smiles in OTHERS.items():
        yield molecule_of_smiles(smiles, name)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Perturbed geometries with GFN2-xTB labels, imported from a file."""
    folder = tmp_path_factory.mktemp("any")
    reference = get_reference("gfn2-xtb")
    rng = np.random.default_rng(0)
    with (folder / "frames.xyz").open("w") as file:
        for molecule in molecules():
            pool = conformer_pool(molecule, np.random.default_rng(1), 1)
            assert not isinstance(pool, Failure)
            relaxed = pool[0]
            for trajectory, count in (("primary", 5), ("secondary", 3)):
                noise = rng.normal(0.0, 0.03, (count, molecule.n_atoms, 3))
                positions = relaxed[0] + noise
                labels = [reference.label(molecule.numbers, x, molecule.charge) for x in positions]
                frames = Frames(
                    molecule=molecule.name,
                    trajectory=trajectory,
                    indices=np.arange(count),
                    positions=positions,
                    energy=np.array([label.energy for label in labels]),
                    forces=np.array([label.forces for label in labels]),
                )
                file.writelines(extended_xyz(molecule, frames, {}))
    out = folder / "others.h5"
    arguments = ["data", "import", str(folder / "frames.xyz"), "--out", str(out)]
    command([*arguments, "--name", "others", "--reference", "gfn2-xtb"])
    return out


def test_everything_is_taken_in_and_checked(store):
    dataset = mc.open_dataset(str(store))
    assert {m.name: m.smiles for m in molecules()} == {
        name: m.smiles for name, m in dataset.molecules.items()
    } | {"*C(=O)[O-]-1-H": "CC(=O)[O-]"}
    assert dataset.molecules["*C(=O)[O-]-1-H"].charge == -1
    document = json.loads(command(["data", "check", str(store), "--json"]))
    checks = {check["name"]: check["passed"] for check in document["checks"]}
    assert checks["molecular graphs"]
    assert checks["recomputation"]


@pytest.mark.parametrize("task", ["length", "crossing", "transfer", "recombination"])
def test_level_1_has_the_coverage_radius_1(store, task):
    dataset = mc.open_dataset(str(store))
    target = mc.split_dataset(dataset, task, level=1, train_frames=None)
    certificate = mc.certify_target(dataset, target)
    assert target.split.missing == ()
    assert (certificate.coverage_radius, certificate.leaks) == (1, ())


def test_a_study_of_built_in_tasks_and_one_of_ones_own(store, tmp_path):
    (tmp_path / "rings.yaml").write_text(RINGS)
    (tmp_path / "study.yaml").write_text(STUDY.format(store=store))
    study = mc.load_study(tmp_path / "study.yaml")
    results = mc.run_study(study, tmp_path / "results").results
    scores = {(s.task, s.level, s.potential): s for s in results.scores}
    assert {key[:2] for key in scores} == {("length", 1), ("recombination", 1), ("rings", 2)}
    for task, level in (("length", 1), ("recombination", 1), ("rings", 2)):
        additive, scale = (scores[task, level, name] for name in ("additive", "composition"))
        assert additive.metric("forces_mae").id.value < 0.3 * scale.metric("forces_mae").id.value
    rings = scores["rings", 2, "additive"]
    families = {m.molecule: (m.family, m.chain) for m in rings.molecules}
    assert families["benzene"] == ("other", None)
    assert families["*OC-3-H"] == ("*OC", 3)
    groupings = {grouping.name for grouping in rings.attribution.forces}
    assert {"chain", "heavy_atoms"} <= groupings
    (by_radius,) = (g for g in rings.attribution.forces if g.name == "seen_radius")
    assert {row.group for row in by_radius.rows} <= {str(r) for r in range(-1, 7)}
    atoms = sum(row.atoms for row in by_radius.rows)
    assert atoms == sum(m.n_atoms for m in molecules() if m.parts is None)  # benzene, cyclohexane
    in_series = scores["length", 1, "additive"].attribution.forces
    assert {"heavy_atoms", "seen_radius"}.isdisjoint(grouping.name for grouping in in_series)
    mc.write_report(results, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "*Br" in page
    assert "rings" in page


def test_one_trajectory_a_molecule_as_in_rmd17(tmp_path):
    """Names are those of files; validation and the ID test are cut from the only trajectory."""
    reference = get_reference("gfn2-xtb")
    rng = np.random.default_rng(3)
    for name, smiles in (("toluene", "Cc1ccccc1"), ("benzene", "c1ccccc1"), ("water", "O")):
        molecule = molecule_of_smiles(smiles)
        pool = conformer_pool(molecule, np.random.default_rng(1), 1)
        assert not isinstance(pool, Failure)
        positions = pool[0][0] + rng.normal(0.0, 0.03, (12, molecule.n_atoms, 3))
        labels = [reference.label(molecule.numbers, x) for x in positions]
        np.savez(
            tmp_path / f"{name}.npz",
            z=molecule.numbers,
            R=positions,
            E=np.array([label.energy for label in labels]) / KCAL_PER_MOL,
            F=np.array([label.forces for label in labels]) / KCAL_PER_MOL,
        )
    out = tmp_path / "md.h5"
    command(["data", "import", str(tmp_path), "--out", str(out), "--name", "md", "-r", "gfn2-xtb"])
    dataset = mc.open_dataset(str(out))
    assert set(dataset.molecules) == {"*c1ccccc1-1-H", "benzene", "water"}
    (tmp_path / "task.yaml").write_text(
        "name: md\nframes: blocks\ntrain: {names: ['*c1ccccc1-1-H', water]}\n"
        "ood: {names: [benzene]}\n"
    )
    target = mc.split_dataset(dataset, str(tmp_path / "task.yaml"), level=2, train_frames=10)
    potential = mc.fit_potential("additive", dataset, target)
    score = mc.score_predictions(mc.predict_target(potential, dataset, target), dataset, target)
    assert score.metric("forces_mae").id is not None
    assert mc.certify_target(dataset, target).held_out == "blocks"
