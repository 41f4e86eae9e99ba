"""The fit: what it recovers, how it extrapolates, what it does with types that it never saw."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mlip_compose.core.errors import CoverageError, DataError
from mlip_compose.core.records import PRIMARY, SECONDARY, Failure, Frames, TrainingSet
from mlip_compose.potentials.additive.atom_energies import Constants
from mlip_compose.potentials.additive.equilibrium import Equilibrium
from mlip_compose.potentials.additive.kind import KIND, AdditiveSettings
from mlip_compose.potentials.additive.parameters import Parameters, ParameterSpace
from mlip_compose.potentials.additive.potential import AdditivePotential
from mlip_compose.potentials.additive.term_kinds import KIND_BY_NAME, TERM_KINDS
from mlip_compose.potentials.additive.terms import find_terms
from mlip_compose.tasks.rules import TASKS


def fit(data, settings):
    potential = KIND.fit(data, settings, 0, Path())
    assert isinstance(potential, AdditivePotential)
    return potential


def errors(store, potential, names, trajectory):
    """Force MAE (eV/Angstrom), and mean energy error per atom (eV) by molecule."""
    forces, energies = [], {}
    for name in names:
        frames = store.frames(name, trajectory)
        energy, force = potential.predict(store.molecules[name], frames.positions)
        forces.append(np.abs(force - frames.forces).ravel())
        energies[name] = np.mean(energy - frames.energy) / store.molecules[name].n_atoms
    return np.concatenate(forces).mean(), energies


def test_long_chains_are_as_good_as_the_short_ones_it_saw(store, fitted, short_chains):
    inside, _ = errors(store, fitted, short_chains.molecules, SECONDARY)
    longer = [f"{family}-{n}-H" for family in ("H", "OH", "CHO") for n in (7, 10, 12)]
    outside, energies = errors(store, fitted, longer, PRIMARY)
    assert inside < 0.070
    assert outside < 1.25 * inside
    assert max(map(abs, energies.values())) < 0.010


def test_a_force_field_of_its_own_form_is_recovered(store, short_chains, fitted):
    """Labels made by a potential of this form: what is left is the regularisation."""

    def relabel(frames):
        energies, forces = fitted.predict(store.molecules[frames.molecule], frames.positions)
        return Frames(
            frames.molecule, frames.trajectory, frames.indices, frames.positions, energies, forces
        )

    data = TrainingSet(
        short_chains.molecules,
        tuple(map(relabel, short_chains.train)),
        tuple(map(relabel, short_chains.validation)),
    )
    again = KIND.fit(data, AdditiveSettings(strengths=(1e-3,)), 0, Path())
    for frames in data.validation:
        energies, forces = again.predict(store.molecules[frames.molecule], frames.positions)
        np.testing.assert_allclose(forces, frames.forces, atol=0.01)
        np.testing.assert_allclose(energies, frames.energy, atol=0.02)


@pytest.mark.parametrize("name", list(TASKS))
@pytest.mark.parametrize("level", [1, 2])
def test_unseen_types_agree_with_the_certificate(store, name, level):
    """On the full set r* is the level: at 2 no type of that radius is unseen, at 1 some are."""
    split = TASKS[name].split(store.molecules.values(), level)
    space = ParameterSpace(find_terms(store.molecules[m]) for m in split.train)
    potential = AdditivePotential(
        Equilibrium({}, {}), space.parameters(np.zeros(space.n_parameters)), Constants({}, {})
    )
    kinds = {k.name for k in TERM_KINDS if k.radius is not None and k.radius <= 2}
    unseen = sum(
        count.unseen
        for ood in split.ood
        for kind, count in potential.unseen_types(store.molecules[ood]).items()
        if kind in kinds
    )
    assert (unseen == 0) == (level == 2)


def test_unseen_types_are_counted_and_backed_off(store, training):
    potential = fit(training(["H-2-H", "H-3-H", "OH-1-H"]), AdditiveSettings())
    molecule = store.molecules["OH-4-H"]
    counts = potential.unseen_types(molecule)
    assert counts["bond"].total == len(molecule.bonds)
    assert 0 < counts["bond"].unseen < counts["bond"].total
    assert all(
        count.unseen == 0 for count in potential.unseen_types(store.molecules["H-3-H"]).values()
    )
    # C-O next to CH2 was never seen, C-O next to CH3 was: its coarser type still holds the bond
    force_mae, _ = errors(store, potential, ["OH-2-H"], PRIMARY)
    zero_mae = np.abs(store.frames("OH-2-H", PRIMARY).forces).mean()
    assert force_mae < 0.5 * zero_mae


def test_regularisation_is_chosen_on_validation_frames_alone(training, short_chains, fitted):
    curve = fitted.report["validation"]
    best = min(curve, key=lambda point: point["loss"])
    assert fitted.report["strength"] == best["strength"]
    assert len(curve) == len(AdditiveSettings().strengths)
    none = TrainingSet(short_chains.molecules, short_chains.train, ())
    assert KIND.fit(none, AdditiveSettings(), 0, Path()).report["strength"] == 1.0


def test_stronger_regularisation_fits_training_frames_less(store, training):
    data = training(["H-2-H", "OH-1-H"], stride=4)
    fits = [KIND.fit(data, AdditiveSettings(strengths=(s,)), 0, Path()) for s in (0.1, 1e4)]
    weak, strong = (errors(store, fit, data.molecules, PRIMARY)[0] for fit in fits)
    assert weak < strong


def test_without_couplings_it_is_smaller_and_says_so_when_loaded(training, tmp_path):
    data = training(["H-2-H", "H-3-H"], stride=4)
    plain = fit(data, AdditiveSettings(couplings=False))
    couplings = {name for name, kind in KIND_BY_NAME.items() if kind.coupling}
    assert not couplings & plain.report["types"].keys()
    plain.save(tmp_path)
    loaded = KIND.load(tmp_path)
    assert isinstance(loaded, AdditivePotential)
    assert loaded.unseen_types(data.molecules["H-3-H"]) == plain.unseen_types(
        data.molecules["H-3-H"]
    )
    assert not couplings & loaded.unseen_types(data.molecules["H-3-H"]).keys()


def lack_array(document, arrays):
    arrays.pop("0")


def reshape_array(document, arrays):
    arrays["0"] = arrays["0"][:, :1]


def spoil_array(document, arrays):
    arrays["0"][0, 0] = np.inf


def object_array(document, arrays):
    arrays["0"] = np.array([{}], dtype=object)


def lack_equilibrium(document, arrays):
    document["facts"]["bonds"].clear()


def impossible_angle(document, arrays):
    document["facts"]["angles"] = dict.fromkeys(document["facts"]["angles"], 2.0)


def other_kind_of_term(document, arrays):
    document["facts"]["types"]["spring"] = [["a"]]


def lack_facts(document, arrays):
    del document["facts"]["levels"]


@pytest.mark.parametrize(
    "damage",
    [
        lack_array,
        reshape_array,
        spoil_array,
        object_array,
        lack_equilibrium,
        impossible_angle,
        other_kind_of_term,
        lack_facts,
    ],
)
def test_a_damaged_potential_is_refused(training, tmp_path, damage):
    KIND.fit(training(["H-2-H"], stride=8), AdditiveSettings(), 0, Path()).save(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    with np.load(tmp_path / "model.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    damage(document, arrays)
    (tmp_path / "model.json").write_text(json.dumps(document))
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(DataError):
        KIND.load(tmp_path)


def test_labels_that_are_no_numbers_are_a_failure(training):
    data = training(["H-2-H"])
    (frames,) = data.train
    forces = frames.forces.copy()
    forces[3, 0, 0] = np.nan
    broken = Frames(
        frames.molecule, frames.trajectory, frames.indices, frames.positions, frames.energy, forces
    )
    outcome = KIND.fit(TrainingSet(data.molecules, (broken,), ()), AdditiveSettings(), 0, Path())
    assert isinstance(outcome, Failure)
    assert outcome.stage == "training"


def test_progress_ends_with_everything_done(training):
    told = []
    KIND.fit(training(["H-2-H"]), AdditiveSettings(), 0, Path(), lambda f, m: told.append((f, m)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_bad_requests_are_refused():
    with pytest.raises(CoverageError):
        KIND.fit(TrainingSet({}, (), ()), AdditiveSettings(), 0, Path())
    for bad in ({"strengths": ()}, {"strengths": (0.0,)}, {"validation_frames": 0}):
        with pytest.raises(ValidationError):
            AdditiveSettings(**bad)


def test_trajectories_without_frames_change_nothing(training, store):
    data = training(["H-2-H", "OH-1-H"], stride=4)
    empty = [store.frames("F-1-H", name, np.arange(0)) for name in (PRIMARY, SECONDARY)]
    wider = TrainingSet(
        {**data.molecules, "F-1-H": store.molecules["F-1-H"]},
        (*data.train, empty[0]),
        (*data.validation, empty[1]),
    )
    settings = KIND.settings()
    one, two = fit(data, settings), fit(wider, settings)
    frames = store.frames("OH-1-H", SECONDARY)
    for a, b in zip(
        one.predict(store.molecules["OH-1-H"], frames.positions),
        two.predict(store.molecules["OH-1-H"], frames.positions),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_types_of_another_number_of_levels_are_refused():
    (kind, *_) = TERM_KINDS
    wrong = Parameters({kind.name: (("C",) * (len(kind.levels) + 1),)}, {})
    with pytest.raises(ValueError, match=f"types of {kind.name} with other than"):
        wrong.check()
