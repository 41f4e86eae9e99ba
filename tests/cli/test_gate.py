"""Energies must belong to forces at every entry: what is refused, what is said, what goes on."""

import json
import shutil
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms

from mlip_compose.core.records import PRIMARY, SECONDARY, Frames
from mlip_compose.datasets.store_proof import PROOF
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

PROVED = "Labels of {} are proved: energies change "
SIGN = "forces of the opposite sign, gradients: energies change -"
PER_ATOM = "energies per atom: energies change 0."
MOLECULES = ("OH-1-H", "OH-2-H", "F-2-H")
LONG = (*MOLECULES, "F-1-H", "OH-8-H")


def written(path, names=MOLECULES, count=12, per_atom=False, sign=1):
    """Write frames of mini-v1 as extended XYZ, with other quantities."""
    mini, images = open_dataset("mini-v1"), []
    for name in names:
        frames = mini.frames(name, PRIMARY)
        for row in range(min(count, len(frames))):
            atoms = Atoms(mini.molecules[name].numbers, frames.positions[row])
            atoms.info["REF_energy"] = frames.energy[row] / (len(atoms) if per_atom else 1)
            atoms.arrays["REF_forces"] = sign * frames.forces[row].astype(float)
            images.append(atoms)
    ase.io.write(path, images, format="extxyz")
    return path


def stored(path, proof=None, per_atom=False, sign=1):
    """Write a store of other quantities, whose header says nothing, or what it is told."""
    mini, contents = open_dataset("mini-v1"), []
    for name in LONG:
        molecule = mini.molecules[name]
        divisor = molecule.n_atoms if per_atom else 1
        frames = [mini.frames(name, trajectory) for trajectory in (PRIMARY, SECONDARY)]
        contents.append(
            (
                molecule,
                [
                    Frames(
                        f.molecule,
                        f.trajectory,
                        f.indices,
                        f.positions,
                        f.energy / divisor,
                        sign * f.forces,
                    )
                    for f in frames
                ],
            )
        )
    header = mini.header.model_copy(
        update={"name": "theirs", "sampling": {} if proof is None else {PROOF: proof}}
    )
    write_store(Path(path), header, contents)
    return path


IMPORT = ("data", "import", "a.xyz", "-r", "x", "-n", "a", "-o", "a.h5")


@pytest.mark.parametrize(
    ("changes", "says", "option"),
    [
        ({"sign": -1}, SIGN, ("--forces-are", "gradients")),
        ({"per_atom": True}, PER_ATOM, ("--energies-are", "per-atom")),
    ],
)
@pytest.mark.parametrize("units", [(), ("--energy-unit", "eV", "--force-unit", "eV/Angstrom")])
def test_imported_quantities_are_named_and_taken_when_said(command, changes, says, option, units):
    written("a.xyz", **changes)
    outcome = command(*IMPORT, *units)
    assert outcome.status == 2
    assert says in outcome.err
    assert f"Add {' '.join(option)} where that is so" in outcome.err
    assert not Path("a.h5").exists()
    assert command(*IMPORT, *units, *option).status == 0
    store, mini = Store(Path("a.h5")), open_dataset("mini-v1")
    for name in MOLECULES:
        found, expected = store.frames(name, PRIMARY), mini.frames(name, PRIMARY)
        assert found.energy == pytest.approx(expected.energy[:12], rel=1e-12)
        assert found.forces == pytest.approx(expected.forces[:12], rel=1e-5, abs=1e-7)
    assert store.header.sampling[PROOF]["proved"] is True


def test_labels_are_taken_unproved_when_the_user_says_so(command):
    written("a.xyz", sign=-1)
    assert command(*IMPORT, "--unproved").status == 0
    proof = Store(Path("a.h5")).header.sampling[PROOF]
    assert proof["proved"] is False
    assert proof["found"].startswith(SIGN)


@pytest.mark.parametrize("changes", [{"sign": -1}, {"per_atom": True}])
def test_all_of_mini_with_other_quantities_is_refused(command, changes):
    written("a.xyz", tuple(open_dataset("mini-v1").molecules)[::8], 4, **changes)
    outcome = command(*IMPORT)
    assert outcome.status == 2
    assert (SIGN if "sign" in changes else PER_ATOM) in outcome.err


def test_too_few_frames_are_taken_when_units_are_given_and_are_not_proved(command):
    written("a.xyz", ("OH-2-H",), 3)
    outcome = command(*IMPORT)
    assert outcome.status == 2
    assert "too few frames, or frames too far apart, to tell" in outcome.err
    assert "such as --energy-unit eV --force-unit eV/Angstrom" in outcome.err
    assert command(*IMPORT, "--energy-unit", "eV", "--force-unit", "eV/Angstrom").status == 0
    assert Store(Path("a.h5")).header.sampling[PROOF]["proved"] is False


@pytest.mark.parametrize(
    ("argument", "says"), [("per_atom", PER_ATOM), ("gradients", SIGN)], ids=["per atom", "sign"]
)
def test_labels_that_are_made_anew_are_held_against_each_other(command, argument, says):
    what = ("mini-v1", "-r", "toy_calculators:OtherQuantities", "-m", "F-1-H", "--frames", "12")
    relabel = ("data", "relabel", *what, "-j", "1", "-o", "new.h5")
    outcome = command(*relabel, "--set", f"{argument}=true")
    assert outcome.status == 2
    assert says in outcome.err
    assert "remove new.h5.parts and label anew" in outcome.err
    assert not Path("new.h5").exists()
    assert Path("new.h5.parts").is_dir()
    assert command(*relabel, "--set", f"{argument}=true", "--unproved").status == 0
    assert Store(Path("new.h5")).header.sampling[PROOF]["proved"] is False


def test_a_build_says_whether_its_labels_are_proved(command):
    recipe = {
        "name": "few",
        "molecules": ["F-1-H"],
        "reference": "toy_calculators:OtherQuantities",
        "reference_settings": {"per_atom": True},
        "sampling": {"equilibration_steps": 20, "stride_steps": 8, "primary": 12, "secondary": 2},
    }
    Path("few.yaml").write_text(json.dumps(recipe))
    build = ("data", "build", "few.yaml", "-o", "few.h5", "-j", "1")
    outcome = command(*build)
    assert outcome.status == 2
    assert PER_ATOM in outcome.err
    assert not Path("few.h5").exists()
    assert command(*build, "--unproved").status == 0
    assert Store(Path("few.h5")).header.sampling[PROOF]["proved"] is False


STUDY = """\
name: theirs
dataset: theirs.h5
tasks: [length]
levels: [1]
potentials: [composition]
train_frames: 20
allow_missing: true
"""


@pytest.mark.parametrize(
    ("changes", "says"), [({"sign": -1}, SIGN), ({"per_atom": True}, PER_ATOM)]
)
def test_run_and_train_refuse_a_store_that_was_never_checked(command, changes, says):
    stored("theirs.h5", **changes)
    Path("study.yaml").write_text(STUDY)
    data = ("-d", "theirs.h5", "-l", "1", "--allow-missing", "--train-frames", "20")
    train = ("train", "length", "composition", *data, "-o", "trained")
    for arguments in (("run", "study.yaml"), ("run", "study.yaml", "--shard", "1/1"), train):
        outcome = command(*arguments)
        assert outcome.status == 2
        assert "energies and forces of theirs that belong together, read as eV" in outcome.err
        assert says in outcome.err
        assert "go on with --unproved" in outcome.err
        assert not Path("results").exists()
        assert not Path("trained").exists()
        outcome = command(*arguments, "--unproved", "--json")
        assert outcome.status == 0
        assert f"Labels of theirs are not proved: {says}" in outcome.err
        assert json.loads(outcome.out)
        shutil.rmtree("results", ignore_errors=True)


def test_run_and_train_say_that_labels_are_proved(command):
    stored("theirs.h5")
    Path("study.yaml").write_text(STUDY)
    outcome = command("run", "study.yaml", "-j", "1")
    assert outcome.status == 0
    assert outcome.err.count(PROVED.format("theirs")) == 1
    again = command("run", "study.yaml", "-j", "1")
    assert PROVED.format("theirs") in again.err
    assert "Nothing was missing" in again.err


def test_what_a_header_says_is_not_measured_again(command):
    stored("theirs.h5", {"proved": False, "found": "the user said so"}, sign=-1)
    Path("study.yaml").write_text(STUDY)
    outcome = command("run", "study.yaml", "-j", "1")
    assert outcome.status == 0
    assert "Labels of theirs are not proved: the user said so" in outcome.err


@pytest.mark.parametrize("proof", [{"proved": "yes"}, ["proved"], {}, 1])
def test_a_header_that_says_something_else_is_not_believed(command, proof):
    stored("theirs.h5", proof, sign=-1)
    Path("study.yaml").write_text(STUDY)
    assert SIGN in command("run", "study.yaml").err


@pytest.mark.parametrize(
    ("file", "says", "options"),
    [
        ("per_atom", PER_ATOM, ("--energies-are", "per-atom")),
        ("grad_sign", SIGN, ("--forces-are", "gradients")),
        ("loadatoms78", "No unit that people use is right", None),
    ],
)
def test_cases_of_others(command, file, says, options):
    """Files of 36 frames in the form in which people have them."""
    written(
        "a.xyz",
        ("OH-2-H", "H-4-H", "OH-3-H"),
        per_atom=file == "per_atom",
        sign=-1 if file == "grad_sign" else 1,
    )
    if file == "loadatoms78":  # kcal/mol that were divided where they had to be multiplied
        images = ase.io.read("a.xyz", index=":")
        for atoms in images:
            atoms.info["REF_energy"] *= 23.0605**2
            atoms.arrays["REF_forces"] *= 23.0605**2
        ase.io.write("a.xyz", images, format="extxyz")
    outcome = command(*IMPORT)
    assert outcome.status == 2
    assert says in outcome.err
    if options is None:
        assert "divided by 0.04336" in outcome.err
        assert "0.53 times meV" in outcome.err
        for unit in ("eV", "kcal/mol", "Hartree"):
            given = ("--energy-unit", unit, "--force-unit", f"{unit}/Angstrom")
            assert command(*IMPORT, *given).status == 2
    else:
        assert command(*IMPORT, *options).status == 0


@pytest.fixture
def predicted(command, small):
    """Return a function that writes predictions of an exported task, of other quantities."""
    export = ("data", "export", *small[1:], "-t", "length", "-l", "1", "--train-frames", "40")
    assert command(*export, "-o", "exported").status == 0

    def write(per_atom=False, sign=1, noise=0.1):
        Path("predicted").mkdir(exist_ok=True)
        rng = np.random.default_rng(0)
        for part in ("id", "ood"):
            images = ase.io.read(f"exported/{part}.xyz", index=":")
            for atoms in images:
                forces = atoms.arrays["REF_forces"]
                energy = atoms.info["REF_energy"] + noise * rng.normal()
                atoms.info["my_energy"] = energy / (len(atoms) if per_atom else 1)
                atoms.arrays["my_forces"] = sign * (forces + noise * rng.normal(size=forces.shape))
            ase.io.write(f"predicted/{part}.xyz", images, format="extxyz")
        return ("predictions", "import", "predicted", *small, "-n", "mine", "-o", "mine.h5")

    return write


@pytest.mark.parametrize(
    ("changes", "says", "option", "as_they_are"),
    [
        ({"sign": -1}, "with the opposite sign", ("--forces-are", "gradients"), "forces"),
        ({"per_atom": True}, "energies per atom", ("--energies-are", "per-atom"), "total"),
    ],
)
@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_predictions_of_other_quantities(
    command, small, predicted, changes, says, option, as_they_are, noise
):
    request = predicted(**changes, noise=noise)
    outcome = command(*request)
    assert outcome.status == 2
    assert says in outcome.err
    assert f"Add {' '.join(option)}" in outcome.err
    assert f"{option[0]} {as_they_are}" in outcome.err
    assert not Path("mine.h5").exists()
    scores = []
    for given in (option, (option[0], as_they_are)):
        Path("mine.h5").unlink(missing_ok=True)
        assert command(*request, *given).status == 0
        score = json.loads(command("score", "mine.h5", *small, "--json").out)
        scores.append({one["name"]: one["ood"]["value"] for one in score["metrics"] if one["ood"]})
    right, wrong = scores
    metric = "forces_mae" if "sign" in changes else "energy_mae_per_atom"
    assert right[metric] < wrong[metric] / 1.2


def test_predictions_of_a_bad_potential_are_data(command, predicted):
    assert command(*predicted(noise=5.0)).status == 0
