"""What every kind of potential must do, whatever it is: one set of tests over the registry."""

import dataclasses
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlip_compose
from mlip_compose.core.errors import RequestError, SchemaError, UnknownNameError
from mlip_compose.core.records import PRIMARY, SECONDARY, Failure, Parts, TrainingSet
from mlip_compose.molecules.assembly import assemble
from mlip_compose.potentials.base import Settings
from mlip_compose.potentials.registry import KINDS, get_potential, load_potential
from mlip_compose.store.reader import Store

TRAINING: dict[str, Any] = {
    "dtype": "float64",
    "cutoff": 3.5,
    "channels": 4,
    "learning_rate": 0.02,
    "steps": 12,
    "batch_size": 4,
    "ema_decay": 0.9,
    "validations": 2,
}
MACE = TRAINING | {"l_max": 2, "correlation": 2, "radial_width": 8, "radial_depth": 1}
SMALL: dict[str, Any] = {
    "schnet": TRAINING | {"layers": 2, "radial_functions": 12},
    "painn": TRAINING | {"layers": 2, "radial_functions": 16},
    "tensornet": TRAINING | {"layers": 1, "radial_functions": 16},
    "nequip": TRAINING | {"layers": 2, "l_max": 1, "radial_width": 8},
    "mace": MACE,
    "additive+mace": MACE | {"additive": {"strengths": [1.0]}},
}
"""By architecture: settings with which what trains for minutes is fitted in seconds."""

OTHERS: dict[str, Any] = {
    "calculator": {
        "function": "ase.calculators.lj:LennardJones",
        "arguments": {"sigma": 0.9, "epsilon": 0.1, "smooth": True},
        "elements": ["H", "C", "N", "O"],
    },
    "ani-2x": {"dtype": "float64"},
    "ani-2x:fine-tuned": {"dtype": "float64", "steps": 6, "validations": 2},
}
"""By kind: settings without which it can do nothing, or not precisely enough."""

PUBLISHED = {
    "ani-2x": "StateDicts/ani2x_state_dict.pt",
    "ani-2x:fine-tuned": "StateDicts/ani2x_state_dict.pt",
}
"""Kinds of published models that are tested: the file that TORCHANI_DATA_DIR needs to have."""


def settings_of(kind):
    """Return the settings with which a kind is tested."""
    architecture, _, size = kind.name.rpartition("-")
    from_scratch = size in ("small", "standard", "short")
    return kind.settings(**SMALL[architecture] if from_scratch else OTHERS.get(kind.name, {}))


def is_zero_shot(kind):
    """Whether a kind trains nothing: its energies have a zero of their own."""
    known = kind.pretraining or settings_of(kind).pretraining()
    return known is not None and not known.fine_tuned


NAMES = ("H-2-H", "OH-1-H", "OH-2-H", "CHO-1-H", "CN-1-H")
PREDICTED = ("OH-2-H", "CHO-1-H")


@pytest.fixture(scope="module")
def data():
    store = Store(Path(mlip_compose.__file__).parent / "data" / "mini-v1.h5")
    return TrainingSet(
        {name: store.molecules[name] for name in NAMES},
        tuple(store.frames(name, PRIMARY, np.arange(0, 40, 4)) for name in NAMES),
        tuple(store.frames(name, SECONDARY, np.arange(0, 15, 5)) for name in NAMES),
    )


@pytest.fixture(
    scope="module",
    params=[
        # of two sizes one: see test_the_standard_size_is_the_small_one_with_other_defaults
        *(
            name
            for name, kind in KINDS.items()
            if kind.pretraining is None and not name.endswith("-standard")
        ),
        *(pytest.param(name, marks=pytest.mark.slow) for name in PUBLISHED),
    ],
)
def kind(request):
    kind = get_potential(request.param)
    if kind.extra is not None:
        pytest.importorskip("graph_pes")
    if kind.pretraining is not None:
        if importlib.util.find_spec("torchani") is None:  # importing it here would warn
            pytest.skip("torchani is not installed")
        folder = Path(os.environ.get("TORCHANI_DATA_DIR", "."))
        if not (folder / PUBLISHED[kind.name]).is_file():
            pytest.skip(f"TORCHANI_DATA_DIR has no {PUBLISHED[kind.name]}")
    return kind


@pytest.fixture(scope="module")
def fit(kind, data, tmp_path_factory):
    """Return a function that fits afresh and returns the potential."""

    def run():
        potential = kind.fit(data, settings_of(kind), 0, tmp_path_factory.mktemp("fit"))
        assert not isinstance(potential, Failure)
        return potential

    return run


@pytest.fixture(scope="module")
def potential(fit):
    return fit()


@pytest.fixture(scope="module")
def saved(potential, tmp_path_factory):
    directory = tmp_path_factory.mktemp("saved") / "model"
    potential.save(directory)
    return directory


@pytest.fixture(scope="module")
def loaded(saved):
    return load_potential(saved)


@pytest.fixture(scope="module")
def fitted_again(fit):
    return fit()


@pytest.fixture(params=PREDICTED)
def frames(request, data):
    """Two geometries of a molecule, as float64."""
    molecule = data.molecules[request.param]
    chosen = next(f for f in data.train if f.molecule == request.param)
    return molecule, chosen.positions[:2].astype(np.float64)


def rotation():
    q, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def close(a, b, tolerance=1e-8):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", KINDS)
def test_kind_describes_itself(name):
    kind = get_potential(name)
    assert kind.name == name
    assert kind.role in ("scale", "feasibility", "learned")
    assert issubclass(kind.settings, Settings)
    with pytest.raises(ValueError, match="extra"):
        kind.settings.model_validate({"no_such_setting": 1})


WORDS = ("no", "one", "two", "three", "four", "five", "six")


@pytest.mark.parametrize("name", KINDS)
def test_a_summary_is_one_line_that_says_what_the_settings_are(name):
    kind = get_potential(name)
    assert [other for other in KINDS if get_potential(other).summary == kind.summary] == [name]
    assert 30 <= len(kind.summary) <= 100
    assert kind.summary.isprintable()
    fine_tuned = kind.pretraining is not None and kind.pretraining.fine_tuned
    assert fine_tuned == kind.summary.endswith("; fine-tuned")
    assert name.endswith("-standard") == (
        "for a GPU" in kind.summary or "-standard" in kind.summary
    )
    defaults = {key: field.default for key, field in kind.settings.model_fields.items()}
    for channels in re.findall(r"(\d+) channels", kind.summary):
        assert int(channels) == defaults["channels"]
    for layers in re.findall(r"(\w+) layers?\b", kind.summary):
        assert WORDS.index(layers) == defaults["layers"]
    for l_max in re.findall(r"l <= (\d)", kind.summary):
        assert int(l_max) == defaults["l_max"]
    for cutoff in re.findall(r"(\d) Angstrom far", kind.summary):
        assert int(cutoff) == defaults["cutoff"]


def test_shapes_types_and_facts(potential, kind, frames, data):
    molecule, x = frames
    energies, forces = potential.predict(molecule, x.astype(np.float32))
    assert energies.shape == (2,)
    assert forces.shape == x.shape
    assert energies.dtype == forces.dtype == np.float64
    assert np.isfinite(energies).all()
    assert np.isfinite(forces).all()
    assert potential.name == kind.name
    known = {z for m in data.molecules.values() for z in m.numbers.tolist()}
    assert potential.elements == known or (kind.pretraining and potential.elements > known)
    assert potential.report.get("parameters", 0) > 0 or is_zero_shot(kind)


def test_energies_have_the_scale_of_the_labels(potential, kind, data):
    if is_zero_shot(kind):
        pytest.skip("its energies have a zero of their own")
    for frames in data.train:
        energies, _ = potential.predict(data.molecules[frames.molecule], frames.positions)
        assert np.abs(energies - frames.energy).max() < 10.0


def test_rigid_motion_changes_no_energy_and_turns_forces(potential, frames):
    molecule, x = frames
    q, shift = rotation(), np.array([3.0, -2.0, 1.0])
    energies, forces = potential.predict(molecule, x)
    moved_energies, moved_forces = potential.predict(molecule, x @ q.T + shift)
    close(moved_energies, energies)
    close(moved_forces, forces @ q.T)


def test_mirror_image_has_the_same_energy_and_mirrored_forces(potential, frames):
    molecule, x = frames
    mirror = np.array([-1.0, 1.0, 1.0])
    energies, forces = potential.predict(molecule, x)
    mirrored_energies, mirrored_forces = potential.predict(molecule, x * mirror)
    close(mirrored_energies, energies)
    close(mirrored_forces, forces * mirror)


def test_order_of_atoms_does_not_matter(potential, frames):
    molecule, x = frames
    order = np.random.default_rng(5).permutation(molecule.n_atoms)
    new_index = np.argsort(order)
    bonds = np.sort(new_index[molecule.bonds], axis=1)
    rows = np.lexsort((bonds[:, 1], bonds[:, 0]))
    renumbered = replace(
        molecule,
        numbers=molecule.numbers[order],
        bonds=bonds[rows].astype(np.uint8),
        bond_orders=molecule.bond_orders[rows],
        charges=molecule.charges[order],
    )
    energies, forces = potential.predict(molecule, x)
    new_energies, new_forces = potential.predict(renumbered, x[:, order])
    close(new_energies, energies)
    close(new_forces, forces[:, order])


def test_atoms_that_only_their_number_tells_apart_can_change_places(potential, frames):
    """Two hydrogens of one carbon: the bonds stay as they are."""
    molecule, x = frames
    pairs = np.vstack([molecule.bonds, molecule.bonds[:, ::-1]])
    hydrogens = [b for a, b in pairs if molecule.numbers[a] == 6 and molecule.numbers[b] == 1]
    of = {int(b): int(a) for a, b in pairs if molecule.numbers[a] == 6}
    i, j = next((i, j) for i in hydrogens for j in hydrogens if i != j and of[i] == of[j])
    order = np.arange(molecule.n_atoms)
    order[[i, j]] = j, i
    energies, forces = potential.predict(molecule, x)
    swapped_energies, swapped_forces = potential.predict(molecule, x[:, order])
    close(swapped_energies, energies)
    close(swapped_forces, forces[:, order])


def test_forces_are_minus_the_gradient_of_the_energy(potential, frames):
    molecule, x = frames
    step = 1e-4
    directions = np.random.default_rng(7).normal(size=(6, *x[0].shape))
    plus, _ = potential.predict(molecule, x[0] + step * directions)
    minus, _ = potential.predict(molecule, x[0] - step * directions)
    _, forces = potential.predict(molecule, x[:1])
    close((plus - minus) / (2 * step), -np.sum(directions * forces, axis=(1, 2)), 1e-4)


def test_forces_add_up_to_zero(potential, frames):
    _, forces = potential.predict(*frames)
    close(forces.sum(axis=1), 0.0)


def test_batch_is_the_same_as_one_by_one(potential, frames):
    molecule, x = frames
    energies, forces = potential.predict(molecule, x)
    for i in range(len(x)):
        energy, force = potential.predict(molecule, x[i : i + 1])
        close(energy[0], energies[i])
        close(force[0], forces[i])


def test_prediction_is_deterministic(potential, frames):
    for again, before in zip(potential.predict(*frames), potential.predict(*frames), strict=True):
        np.testing.assert_array_equal(again, before)


def test_no_frames_give_no_predictions(potential, frames):
    molecule, x = frames
    energies, forces = potential.predict(molecule, x[:0])
    assert energies.shape == (0,)
    assert forces.shape == (0, molecule.n_atoms, 3)


def test_saved_and_loaded_predicts_the_same_numbers(potential, loaded, frames):
    assert loaded.name == potential.name
    assert loaded.elements == potential.elements
    assert loaded.report == potential.report
    for after, before in zip(loaded.predict(*frames), potential.predict(*frames), strict=True):
        np.testing.assert_array_equal(after, before)


def test_saved_files_hold_no_code(saved):
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".npz"}
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype.kind in "fiub" for name in arrays.files)


def test_load_refuses_another_kind(saved, kind):
    other = get_potential("additive" if kind.name != "additive" else "composition")
    with pytest.raises(SchemaError, match=re.escape(f"found kind '{kind.name}'")):
        other.load(saved)


def test_fitting_again_gives_the_same_numbers(potential, fitted_again, kind, frames):
    tolerance = 1e-6 if kind.role == "learned" else 0.0
    pairs = zip(fitted_again.predict(*frames), potential.predict(*frames), strict=True)
    for after, before in pairs:
        close(after, before, tolerance)


@pytest.mark.parametrize("architecture", SMALL)
def test_the_standard_size_is_the_small_one_with_other_defaults(architecture, data, tmp_path):
    """So that what holds for the one holds for the other."""
    pytest.importorskip("graph_pes")
    kinds = [get_potential(f"{architecture}-{size}") for size in ("small", "standard")]
    settings = SMALL[architecture] | {"steps": 2, "validations": 1}
    assert kinds[0].settings(**settings).model_dump() == kinds[1].settings(**settings).model_dump()
    frames = data.train[0]
    predicted = []
    for kind in kinds:
        folder = tmp_path / kind.name
        fitted = kind.fit(data, kind.settings(**settings), 0, folder)
        assert fitted.name == kind.name
        fitted.save(folder / "model")
        assert load_potential(folder / "model").name == kind.name
        predicted.append(fitted.predict(data.molecules[frames.molecule], frames.positions))
    for small, standard in zip(*predicted, strict=True):
        close(small, standard, 1e-6)


def test_element_not_trained_on_is_refused(potential):
    molecule = assemble(Parts("Cl", 1, "H"))
    bromide = np.where(molecule.numbers == 17, 35, molecule.numbers)
    molecule = dataclasses.replace(molecule, numbers=bromide)
    with pytest.raises(RequestError, match=r"with Z = \[35\]"):
        potential.predict(molecule, np.zeros((1, molecule.n_atoms, 3)))


def test_positions_of_another_molecule_are_refused(potential, frames):
    molecule, x = frames
    with pytest.raises(RequestError, match="positions"):
        potential.predict(molecule, x[:, :-1])


def test_unknown_kind_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'additive'"):
        get_potential("aditive")


def test_listing_kinds_imports_no_torch():
    code = (
        "import sys; from mlip_compose.potentials.registry import KINDS; "
        "[k.summary for k in KINDS.values()]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
