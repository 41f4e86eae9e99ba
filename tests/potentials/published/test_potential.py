"""Zero-shot and fine-tuned potentials of both backends: physics, files, energies of atoms."""

import dataclasses
import json
from functools import cache

import numpy as np
import pytest

from mlip_compose.core.errors import CoverageError, RequestError, SchemaError
from mlip_compose.core.records import Failure, Frames, Parts, TrainingSet
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.potentials.base import Pretraining
from mlip_compose.potentials.published.settings import FineTuningSettings, ZeroShotSettings

pytest.importorskip("graph_pes")

SETTINGS = FineTuningSettings(
    dtype="float64", steps=4, batch_size=6, learning_rate=1e-3, ema_decay=0.5, validations=2
)


def make(card, weights, data, fine_tuned, workdir, **changed):
    from mlip_compose.potentials.published.fine_tuning import fine_tune, zero_shot

    path = weights[card.backend]
    if not fine_tuned:
        zero_settings = ZeroShotSettings.model_validate({"dtype": "float64"} | changed)
        return zero_shot(card.name, card, path, data, zero_settings)
    settings = SETTINGS.model_copy(update=changed)
    name = f"{card.name}:fine-tuned"
    return fine_tune(name, card, path, data, settings, 0, workdir, lambda *_: None)


def load(potential, directory, weights):
    from mlip_compose.potentials.published.potential import load_pretrained

    return load_pretrained(potential.name, directory, lambda card, *_: weights[card.backend])


@pytest.fixture(scope="module", params=["zero-shot", "fine-tuned"])
def potential(request, card, weights, data, as_published, tmp_path_factory):
    if request.param == "zero-shot":
        return as_published(card)
    return make(card, weights, data, True, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def as_published(ani_card, mace_card, weights, data, tmp_path_factory):
    """Return a function that makes a zero-shot potential; each is loaded once."""

    cards = {card.backend: card for card in (ani_card, mace_card)}

    @cache
    def make_once(name, labelled, dtype):
        given = data if labelled else without_frames(data)
        folder = tmp_path_factory.mktemp("work")
        return make(cards[name], weights, given, False, folder, dtype=dtype)

    def run(card, labelled=True, dtype="float64"):
        return make_once(card.backend, labelled, dtype)

    return run


@pytest.fixture(scope="module")
def frames(data):
    chosen = data.validation[1]
    return data.molecules[chosen.molecule], chosen.positions


def close(a, b, tolerance=1e-8):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def without_frames(data):
    return dataclasses.replace(data, train=())


def test_energies_are_invariant_and_forces_turn(potential, frames):
    molecule, x = frames
    q, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))  # may be a mirror image
    energies, forces = potential.predict(molecule, x)
    assert energies.dtype == forces.dtype == np.float64
    assert np.abs(forces).max() > 0.01
    moved_energies, moved_forces = potential.predict(molecule, x @ q.T + [3.0, -2.0, 1.0])
    close(moved_energies, energies)
    close(moved_forces, forces @ q.T)
    order = np.random.default_rng(5).permutation(molecule.n_atoms)
    renumbered = dataclasses.replace(molecule, numbers=molecule.numbers[order])
    new_energies, new_forces = potential.predict(renumbered, x[:, order])
    close(new_energies, energies)
    close(new_forces, forces[:, order])


def test_forces_are_minus_the_gradient_of_the_energy(potential, frames):
    molecule, x = frames
    step = 1e-4
    directions = np.random.default_rng(7).normal(size=(4, *x[0].shape))
    plus, _ = potential.predict(molecule, x[0] + step * directions)
    minus, _ = potential.predict(molecule, x[0] - step * directions)
    _, forces = potential.predict(molecule, x[:1])
    close((plus - minus) / (2 * step), -np.sum(directions * forces, axis=(1, 2)), 1e-4)


def test_batches_give_what_single_frames_give_and_repeat(potential, frames, monkeypatch):
    from mlip_compose.potentials.published.backend import get_backend

    molecule, x = frames
    energies, forces = potential.predict(molecule, x)
    assert potential.predict(molecule, x)[0].tolist() == energies.tolist()
    backend = get_backend(potential.card.backend)
    monkeypatch.setattr(backend, "BATCH_EDGES", {"cpu": 1, "cuda": 1})
    single_energies, single_forces = potential.predict(molecule, x)
    close(single_energies, energies)
    close(single_forces, forces)
    assert potential.predict(molecule, x[:0])[1].shape == (0, *x.shape[1:])


def test_saved_and_loaded_it_is_the_same(potential, frames, weights, tmp_path):
    potential.save(tmp_path)
    assert (tmp_path / "model.npz").exists() == potential.fine_tuned
    again = load(potential, tmp_path, weights)
    for a, b in zip(potential.predict(*frames), again.predict(*frames), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.report == potential.report
    assert again.card == potential.card
    assert again.fine_tuned == potential.fine_tuned
    assert json.loads((tmp_path / "model.json").read_text())["facts"]["weights_sha256"]


def test_elements_outside_the_card_are_refused(potential, frames):
    molecule, x = frames
    numbers = molecule.numbers.copy()
    numbers[0] = 17
    with pytest.raises(RequestError, match="17"):
        potential.predict(dataclasses.replace(molecule, numbers=numbers), x)


def test_states_outside_the_card_are_refused(potential, frames):
    molecule, x = frames
    charges = np.array([1, *[0] * (molecule.n_atoms - 1)])
    for state in ({"charges": charges}, {"spin": 3}):
        with pytest.raises(RequestError, match="which random-"):
            potential.predict(dataclasses.replace(molecule, **state), x)


def test_energies_have_the_zero_of_the_training_labels(potential, data):
    for block in data.train:
        energies, _ = potential.predict(data.molecules[block.molecule], block.positions)
        assert np.abs((energies - block.energy).mean()) < 2.0  # of some -100,000 eV
    assert potential.report["atomic_energies_from"] == "training labels"


def test_without_training_frames_energies_have_the_published_zero(
    card, weights, data, as_published, tmp_path
):
    from mlip_compose.potentials.published.backend import get_backend

    potential = as_published(card, labelled=False)
    backend = get_backend(card.backend)
    assert potential.atomic_energies == backend.atomic_energies(potential.model)
    assert potential.report["atomic_energies_from"] == "the published model"
    with pytest.raises(CoverageError, match="training frame"):
        make(card, weights, without_frames(data), True, tmp_path)
    with pytest.raises(CoverageError, match="validation frame"):
        make(card, weights, dataclasses.replace(data, validation=()), True, tmp_path)


def test_differences_of_energy_do_not_depend_on_the_energies_of_atoms(card, frames, as_published):
    published = as_published(card, labelled=False).predict(*frames)
    fitted = as_published(card).predict(*frames)
    close(np.diff(published[0]), np.diff(fitted[0]))
    close(published[1], fitted[1])


def test_labels_that_leave_elements_open_give_physical_energies(card, weights, data, tmp_path):
    """One molecule says one number; elements that it has not stay near free atoms."""
    one = dataclasses.replace(data, train=data.train[:1])  # ethane
    potential = make(card, weights, one, False, tmp_path)
    energies = potential.atomic_energies
    assert set(energies) == potential.elements
    for z, expected in {1: -13.6, 6: -1030.0, 8: -2040.0}.items():
        assert 0.5 * expected > energies[z] > 1.5 * expected
    assert 8 in potential.report["elements_without_training_frame"]


def test_single_precision_loses_little(card, frames, as_published):
    exact_potential = as_published(card)
    exact_atoms, exact = exact_potential.atomic_energies, exact_potential.predict(*frames)
    rounded = as_published(card, dtype="float32").predict(*frames)
    total = sum(exact_atoms[z] for z in frames[0].numbers.tolist())
    assert abs(np.spacing(np.float32(total))) > 1e-4  # what a float32 total energy would lose
    close(np.diff(rounded[0]), np.diff(exact[0]), 2e-5)
    close(rounded[1], exact[1], 2e-5)


def test_training_lowers_the_validation_error(card, weights, data, as_published, tmp_path):
    def error(potential):
        return np.mean(
            [
                np.abs(potential.predict(data.molecules[f.molecule], f.positions)[1] - f.forces)
                for f in data.validation[:1]
            ]
        )

    before = as_published(card)
    rate = {"torchani": 1e-3, "mace": 3e-2}[card.backend]  # that of four channels is larger
    after = make(card, weights, data, True, tmp_path, steps=20, learning_rate=rate)
    assert error(after) < 0.9 * error(before)
    curve = after.report["validation_curve"]
    assert curve[-1]["forces_mae"] < curve[0]["forces_mae"]
    assert after.report["gradient_steps"] == 20
    assert after.report["parameters"] > 0
    assert after.weights_sha256 == before.weights_sha256


def test_networks_of_elements_without_frames_stay_as_published(
    ani_card, weights, data, as_published, tmp_path
):
    from mlip_compose.potentials.neural.networks.models import parameter_arrays

    before = parameter_arrays(as_published(ani_card).model)
    after = parameter_arrays(make(ani_card, weights, data, True, tmp_path, steps=3).model)
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    assert any(".H." in name for name in changed)
    assert not any(".N." in name for name in changed)


def test_divergence_is_a_failure(ani_card, weights, data, tmp_path):
    failure = make(ani_card, weights, data, True, tmp_path, learning_rate=1e6, gradient_clip=1e9)
    assert isinstance(failure, Failure)
    assert failure.subject == f"{ani_card.name}:fine-tuned"


def test_a_damaged_file_is_refused(ani_card, weights, as_published, tmp_path):
    potential = as_published(ani_card)
    potential.save(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    del document["facts"]["atomic_energies"]["6"], document["facts"]["card"]["backend"]
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(SchemaError, match="random-torchani"):
        load(potential, tmp_path, weights)


@pytest.mark.parametrize("numbers", ["float16", 3])
def test_numbers_of_another_type_are_damage(ani_card, weights, as_published, tmp_path, numbers):
    as_published(ani_card).save(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    document["facts"]["dtype"] = numbers
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(SchemaError, match=f"numbers of the type '{numbers}'"):
        load(as_published(ani_card), tmp_path, weights)


def test_what_it_learned_elsewhere_is_that_of_the_card(potential):
    card = potential.card
    tuned = potential.name.endswith(":fine-tuned")
    assert potential.pretraining == Pretraining(card.name, card.level_of_theory, tuned)


def test_training_molecules_outside_the_card_are_refused(ani_card, weights, tmp_path):
    molecule = assemble(Parts("Cl", 1, "H"))
    n = molecule.n_atoms
    block = Frames(molecule.name, "primary", np.arange(1), np.eye(n, 3)[None] * 3, np.zeros(1),
                   np.zeros((1, n, 3)))  # fmt: skip
    data = TrainingSet({molecule.name: molecule}, (block,), (block,))
    with pytest.raises(RequestError, match="17"):
        make(ani_card, weights, data, False, tmp_path)


def with_strangers(data):
    """Return training data with an anion and a bromide besides."""
    anion = molecule_of_smiles("[O-]c1ccccc1", "phenolate")
    bromide = molecule_of_smiles("Brc1ccccc1", "bromobenzene")
    molecules = dict(data.molecules) | {m.name: m for m in (anion, bromide)}
    return TrainingSet(
        molecules, (frames_of(anion), frames_of(bromide), *data.train), data.validation
    )


def frames_of(molecule):
    rng = np.random.default_rng(2)
    shape = (2, molecule.n_atoms, 3)
    positions = 1.5 * np.arange(molecule.n_atoms)[:, None] + rng.normal(0.0, 0.1, shape)
    return Frames(molecule.name, "primary", np.arange(2), positions, np.zeros(2), np.zeros(shape))


def test_as_published_a_model_passes_over_ions_and_elements_that_it_does_not_know(
    card, weights, data, as_published, tmp_path
):
    potential = make(card, weights, with_strangers(data), False, tmp_path)
    assert potential.atomic_energies == as_published(card).atomic_energies
    states = {
        name: potential.state_unknown(m) for name, m in with_strangers(data).molecules.items()
    }
    assert {name for name, state in states.items() if state} == {"phenolate"}
    assert states["phenolate"] == "charge -1"


def test_fine_tuning_refuses_what_the_model_does_not_know(card, weights, data, tmp_path):
    with pytest.raises(RequestError, match=r"neutral molecule.*phenolate.*a task file chooses"):
        make(card, weights, with_strangers(data), True, tmp_path)
