"""Predictions whose geometries were shifted, turned, rounded or put in another order."""

import ase.io
import numpy as np
import pytest
from small_study import write_small

from mlip_compose.core.errors import RequestError
from mlip_compose.predictions.exchange.checks import LabelledPredictions, refuse_shift
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.predictions.exchange.importing import PredictionImport, import_predictions
from mlip_compose.store.reader import Store


@pytest.fixture(scope="module")
def exported_small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    store = Store(write_small(folder / "small.h5", ("OH-1-H", "OH-2-H", "OH-7-H", "F-1-H")))
    task = TaskFrames("length", 1, train_frames=10, seed=0, allow_missing=True)
    return export_data(store, folder / "xyz", task=task).path


@pytest.fixture
def predictions_of(exported_small, tmp_path):
    """Return a function that changes structures and imports them as predictions."""

    def run(change, name):
        rng = np.random.default_rng(1)
        for part in ("id", "ood"):
            images = ase.io.read(exported_small / f"{part}.xyz", index=":")
            for atoms in images:
                forces = atoms.arrays.pop("REF_forces")
                atoms.info["ml_energy"] = atoms.info.pop("REF_energy") + 0.1
                atoms.arrays["ml_forces"] = forces * 1.1 + rng.normal(0, 0.1, forces.shape)
            (tmp_path / name).mkdir(exist_ok=True)
            images = [change(atoms, np.random.default_rng(i)) for i, atoms in enumerate(images)]
            ase.io.write(tmp_path / name / f"{part}.xyz", images, format="extxyz")
        dataset = str(exported_small.parent / "small.h5")
        request = PredictionImport("theirs", "length", 1, 0, 10, dataset, allow_missing=True)
        return import_predictions([tmp_path / name], request)

    return run


def as_it_is(atoms, rng):
    return atoms


def centred(atoms, rng):
    atoms.positions -= atoms.get_center_of_mass()
    return atoms


def rounded(atoms, rng):
    atoms.positions = np.round(atoms.positions, 2)
    return atoms


def turned(atoms, rng):
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    atoms.positions = atoms.positions @ rotation + 3.0
    atoms.arrays["ml_forces"] = atoms.arrays["ml_forces"] @ rotation
    return atoms


def in_order(atoms, rng):
    return atoms[np.argsort(atoms.numbers, kind="stable")]


def without_names(atoms, rng):
    for key in ("molecule", "trajectory", "frame", "split"):
        atoms.info.pop(key, None)
    return turned(atoms, rng)


@pytest.mark.parametrize("change", [centred, rounded, turned, in_order, without_names])
def test_moved_frames_are_matched_and_forces_turned_back(predictions_of, change):
    straight = predictions_of(as_it_is, "straight")
    moved = predictions_of(change, "moved")
    assert straight.moved == 0
    assert moved.moved > 0
    assert moved.predictions.frames.keys() == straight.predictions.frames.keys()
    for key, frames in straight.predictions.frames.items():
        found = moved.predictions.frames[key]
        assert np.array_equal(found.indices, frames.indices)
        assert found.energy == pytest.approx(frames.energy)
        assert np.allclose(found.forces, frames.forces, atol=0.02 if change is rounded else 2e-5)


def test_a_shift_by_one_is_caught_by_the_labels():
    rng = np.random.default_rng(0)
    forces = rng.normal(size=(3, 20, 9, 3))
    energy = rng.normal(size=(3, 20))

    def pairs(step):
        return [
            LabelledPredictions(
                np.roll(energy[i], step),
                energy[i],
                np.roll(forces[i], step, axis=0) + rng.normal(0, 0.2, forces[i].shape),
                forces[i],
            )
            for i in range(3)
        ]

    refuse_shift(pairs(0))
    refuse_shift([LabelledPredictions(energy[0], energy[0], -forces[0], forces[0])])
    for step, word in ((1, "last"), (-1, "next")):
        with pytest.raises(RequestError, match=f"labels of the {word} frame.*shifted by one"):
            refuse_shift(pairs(step))
