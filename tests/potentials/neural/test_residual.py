"""A potential of two parts: what the second learns, and what the whole says of itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlip_compose
from mlip_compose.core.records import PRIMARY, SECONDARY, Failure, ReceptiveField, TrainingSet
from mlip_compose.potentials.additive.kind import KIND as ADDITIVE
from mlip_compose.potentials.additive.kind import AdditiveSettings
from mlip_compose.potentials.base import BacksOff, ListsTerms
from mlip_compose.potentials.neural.architectures.mace import SMALL as LEARNER
from mlip_compose.potentials.neural.architectures.residual import larger_field, subtract
from mlip_compose.potentials.registry import get_potential, load_potential
from mlip_compose.store.reader import Store

NAMES = ("H-2-H", "OH-1-H", "OH-2-H")
TINY = {"channels": 4, "radial_width": 8, "steps": 8, "batch_size": 3, "validations": 2}
KIND: Any = get_potential("additive+mace-small")


@pytest.fixture(scope="module")
def data():
    store = Store(Path(mlip_compose.__file__).parent / "data" / "mini-v1.h5")
    return TrainingSet(
        {name: store.molecules[name] for name in NAMES},
        tuple(store.frames(name, PRIMARY, np.arange(0, 40, 8)) for name in NAMES),
        tuple(store.frames(name, SECONDARY, np.arange(0, 15, 5)) for name in NAMES),
    )


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def potential(data, told, tmp_path_factory):
    pytest.importorskip("graph_pes")
    workdir = tmp_path_factory.mktemp("residual")
    return KIND.fit(data, KIND.settings(**TINY), 0, workdir, lambda f, _: told.append(f))


def test_the_learner_is_trained_on_what_additive_leaves(potential, data, tmp_path):
    """Each part is what its own kind makes of the same frames, with the same settings and seed."""
    additive = ADDITIVE.fit(data, AdditiveSettings(), 0, tmp_path)
    assert not isinstance(additive, Failure)
    rest = subtract(additive, data)
    for after, before in zip(
        (*rest.train, *rest.validation), (*data.train, *data.validation), strict=True
    ):
        energy, forces = additive.predict(data.molecules[before.molecule], before.positions)
        np.testing.assert_allclose(after.energy + energy, before.energy, rtol=0, atol=1e-9)
        np.testing.assert_allclose(after.forces + forces, before.forces, rtol=0, atol=1e-9)
        assert (after.molecule, after.trajectory) == (before.molecule, before.trajectory)
        assert np.abs(after.forces).mean() < 0.5 * np.abs(before.forces).mean()
    learner = LEARNER.fit(rest, LEARNER.settings(**TINY), 0, tmp_path)
    for frames in data.validation:
        molecule = data.molecules[frames.molecule]
        parts = [p.predict(molecule, frames.positions) for p in (additive, learner)]
        energies, forces = potential.predict(molecule, frames.positions)
        np.testing.assert_allclose(energies, parts[0][0] + parts[1][0], rtol=0, atol=1e-5)
        np.testing.assert_allclose(forces, parts[0][1] + parts[1][1], rtol=0, atol=1e-5)


def test_report_has_the_facts_of_both_parts(potential):
    report = potential.report
    parts = [part.report["parameters"] for part in (potential.additive, potential.learner)]
    assert report["parameters"] == sum(parts)
    assert min(parts) > 0
    assert report["gradient_steps"] == 8
    assert report["strength"] in AdditiveSettings().strengths


def test_terms_and_unseen_types_are_those_of_the_additive_part(potential, data):
    for protocol in (BacksOff, ListsTerms):
        assert isinstance(potential, protocol)
    molecule = data.molecules["OH-2-H"]
    assert potential.unseen_types(molecule) == potential.additive.unseen_types(molecule)
    assert list(potential.terms()) == list(potential.additive.terms())


def test_parts_are_saved_apart(potential, tmp_path):
    potential.save(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"model.json", "additive", "learner"}
    assert load_potential(tmp_path / "additive").name == "additive"
    assert load_potential(tmp_path / "learner").name == "mace-small"
    assert load_potential(tmp_path).name == "additive+mace-small"


def test_progress_goes_from_nothing_to_all(potential, told):
    assert told == sorted(told)
    assert 0 <= told[0] < 0.05
    assert told[-1] == 1.0


def test_settings_nest():
    settings = KIND.settings(channels=3, additive={"couplings": True})
    assert settings.channels == 3
    assert settings.additive == AdditiveSettings(couplings=True)
    assert KIND.settings().additive == AdditiveSettings()
    defaults = KIND.settings().model_dump(exclude={"additive"})
    assert defaults == LEARNER.settings().model_dump()
    standard = get_potential("additive+mace-standard").settings().model_dump(exclude={"additive"})
    assert standard == get_potential("mace-standard").settings().model_dump()
    with pytest.raises(ValueError, match="colour"):
        KIND.settings(additive={"colour": "blue"})


def test_receptive_field_is_the_larger_one():
    additive = AdditiveSettings().receptive_field()
    near = larger_field(ReceptiveField(1, 2.0, "near"))
    assert (near.bonds, near.angstrom) == (additive.bonds, additive.angstrom)
    far = larger_field(ReceptiveField(20, 40.0, "far"))
    assert (far.bonds, far.angstrom) == (20, 40.0)
    assert larger_field(ReceptiveField(20, None, "far")).angstrom is None
    assert larger_field(None) is None
    found = KIND.settings().receptive_field()
    assert found.bonds == max(additive.bonds, LEARNER.settings().receptive_field().bonds)


def test_failure_of_either_part_is_that_of_the_whole(data, tmp_path):
    import dataclasses

    frames = data.train[0]
    forces = frames.forces.copy()
    forces[0, 0, 0] = np.nan
    spoilt = dataclasses.replace(frames, forces=forces)
    broken = dataclasses.replace(data, train=(spoilt, *data.train[1:]))
    found = KIND.fit(broken, KIND.settings(**TINY), 0, tmp_path)
    assert isinstance(found, Failure)
    assert found.subject == KIND.name

    wild = KIND.settings(**TINY | {"learning_rate": 1e6, "gradient_clip": 1e6})
    found = KIND.fit(data, wild, 0, tmp_path)
    assert isinstance(found, Failure)
    assert found.subject == KIND.name
    assert "step" in found.reason
