"""Energies by composition, and reference energies where compositions are rank-deficient."""

from pathlib import Path

import numpy as np
import pytest

import mlip_compose
from mlip_compose.core.errors import CoverageError, SchemaError, UnreadableError
from mlip_compose.core.records import PRIMARY, Frames, TrainingSet
from mlip_compose.potentials.composition import KIND
from mlip_compose.potentials.reference_energies import fit_element_energies, fit_reference_energies
from mlip_compose.store.reader import Store


@pytest.fixture(scope="module")
def store():
    return Store(Path(mlip_compose.__file__).parent / "data" / "mini-v1.h5")


def training_set(store, names, energy=None):
    """Two frames of each molecule; ``energy`` gives other labels for their numbers of atoms."""
    frames = [store.frames(name, PRIMARY, np.arange(2)) for name in names]
    if energy is not None:
        frames = [
            Frames(
                f.molecule,
                f.trajectory,
                f.indices,
                f.positions,
                np.full(2, energy(store.molecules[f.molecule].numbers)),
                f.forces,
            )
            for f in frames
        ]
    return TrainingSet({name: store.molecules[name] for name in names}, tuple(frames), ())


def fit(data):
    return KIND.fit(data, KIND.settings(), 0, Path())


def error(store, potential, name):
    frames = store.frames(name, PRIMARY, np.arange(4))
    energies, _ = potential.predict(store.molecules[name], frames.positions)
    return np.abs(energies - frames.energy).max()


SEVERAL = ("H", "OH", "NH2", "F", "CHO", "COOH", "CN")


@pytest.mark.parametrize(
    ("families", "longest"),
    [
        (("H",), 3),
        (("H",), 4),
        (("OH",), 2),
        (("OH",), 4),
        (("H", "OH"), 2),
        (SEVERAL, 2),
        (SEVERAL, 3),
        (SEVERAL, 4),
    ],
)
def test_long_chains_from_short_ones_stay_within_a_few_ev(store, families, longest):
    names = [f"{f}-{n}-H" for f in families for n in range(2 if f == "H" else 1, longest + 1)]
    potential = fit(training_set(store, names))
    for family in families:
        assert error(store, potential, f"{family}-12-H") < 5.0


def test_one_molecule_gives_energies_of_a_sane_size(store):
    potential = fit(training_set(store, ["OH-4-H"]))
    assert error(store, potential, "OH-4-H") < 0.5
    assert error(store, potential, "OH-8-H") < 40.0


def test_energies_of_elements_are_recovered_where_they_are_determined(store):
    exact = {1: -13.6, 6: -1030.0, 7: -1480.0, 8: -2040.0}
    names = ["H-2-H", "H-3-H", "OH-1-H", "NH2-1-H", "CHO-1-H", "CN-1-H", "COOH-2-H"]
    data = training_set(store, names, lambda z: sum(exact[int(i)] for i in z))
    found = fit_reference_energies(data)
    assert found.keys() == exact.keys()
    for z, energy in exact.items():
        assert found[z] == pytest.approx(energy, abs=0.05)


def test_all_electron_labels_extrapolate_too(store):
    """Four elements from three molecules of one chain length: carbon is not determined."""
    exact = {1: -13.6, 6: -1030.0, 7: -1480.0, 8: -2040.0}

    def total(numbers):
        return sum(exact[z] for z in numbers.tolist())

    potential = fit(training_set(store, ["H-4-H", "OH-4-H", "NH2-4-H"], total))
    molecule = store.molecules["OH-12-H"]
    energies, _ = potential.predict(molecule, np.zeros((1, molecule.n_atoms, 3)))
    assert energies[0] == pytest.approx(total(molecule.numbers), rel=0.03)


def test_forces_are_zero_and_energies_do_not_depend_on_geometry(store):
    potential = fit(training_set(store, ["H-2-H", "H-3-H"]))
    frames = store.frames("H-3-H", PRIMARY, np.arange(3))
    energies, forces = potential.predict(store.molecules["H-3-H"], frames.positions)
    assert not forces.any()
    assert len(set(energies.tolist())) == 1


def test_no_training_frame_is_refused(store):
    with pytest.raises(CoverageError, match="at least one training frame"):
        fit(TrainingSet({}, (), ()))


def test_files_that_are_no_potential_are_refused(store, tmp_path):
    with pytest.raises(UnreadableError, match="no such file"):
        KIND.load(tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(UnreadableError):
        KIND.load(tmp_path)
    (tmp_path / "model.json").write_text('{"kind": "composition"}')
    with pytest.raises(SchemaError, match="kind, version, facts"):
        KIND.load(tmp_path)


@pytest.mark.parametrize(
    "energies", ["{}", "7", '{"H": 1}', '{"1": "x"}', '{"1": NaN}', '{"0": 1.0}', '{"1": null}']
)
def test_energies_that_are_none_are_refused(tmp_path, energies):
    text = f'{{"kind": "composition", "version": 1, "facts": {{"reference_energies": {energies}}}}}'
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(SchemaError, match="a potential of kind 'composition'"):
        KIND.load(tmp_path)


def test_a_guess_of_other_electrons_is_ignored():
    numbers = [np.array([6, 1, 1, 1, 1]), np.array([6, 6, *[1] * 6])]
    energies, elements = np.array([-1000.0, -1990.0]), np.array([1, 6])
    none = fit_element_energies(numbers, energies, elements)
    assert fit_element_energies(numbers, energies, elements, {1: -1.0, 6: -2.0}) == none
    near = fit_element_energies(numbers, energies, elements, {1: -2.5, 6: -990.0})
    assert near != none
