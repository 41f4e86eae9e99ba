"""A recipe of seconds, and predictions of an exported task as others write them."""

import ase.io
import numpy as np
import pytest

from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.store.reader import Store
from mlip_compose.studies.recipe import Recipe

SHORT = SamplingProtocol(
    equilibration_steps=5, stride_steps=2, primary=3, secondary=2, bifunctional_primary=2
)


@pytest.fixture
def recipe():
    return Recipe(name="tiny", molecules=("OH-1-H", "F-1-H", "H-2-H", "F-1-Cl"), sampling=SHORT)


@pytest.fixture
def exported(toy_store, tmp_path):
    """Return a store of three alcohols and the directory of its exported task ``length``."""
    store = Store(toy_store(["OH-1-H", "OH-2-H", "OH-8-H"], primary=6, secondary=5))
    task = TaskFrames("length", 1, train_frames=8, seed=0, allow_missing=True)
    return store, export_data(store, tmp_path / "exported", task=task).path


@pytest.fixture
def predict(exported, tmp_path):
    """Return a function that predicts the exported files, as a script with ASE would."""
    _, folder = exported

    def write(
        change=lambda images: images, parts=("train", "id", "ood", "minimum"), to="predicted"
    ):
        out = tmp_path / to
        out.mkdir(exist_ok=True)
        rng = np.random.default_rng(1)
        for part in parts:
            images = ase.io.read(folder / f"{part}.xyz", index=":")
            for atoms in images:
                atoms.info["MACE_energy"] = atoms.info["REF_energy"] + rng.normal()
                forces = atoms.arrays["REF_forces"]
                atoms.arrays["MACE_forces"] = forces + rng.normal(size=forces.shape)
            images = change(images)
            ase.io.write(out / f"{part}.xyz", images, format="extxyz")
        return out

    return write
