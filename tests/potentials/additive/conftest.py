from pathlib import Path

import numpy as np
import pytest

import mlip_compose
from mlip_compose.core.records import PRIMARY, SECONDARY, TrainingSet
from mlip_compose.potentials.additive.kind import KIND
from mlip_compose.store.reader import Store


@pytest.fixture(scope="session")
def store():
    return Store(Path(mlip_compose.__file__).parent / "data" / "mini-v1.h5")


@pytest.fixture(scope="session")
def training(store):
    """Return a function that makes a training set of named molecules."""

    def make(names, stride=1, validation=True):
        secondary = np.arange(3) if validation else np.arange(0)
        return TrainingSet(
            {name: store.molecules[name] for name in names},
            tuple(store.frames(name, PRIMARY, np.arange(0, 40, stride)) for name in names),
            tuple(store.frames(name, SECONDARY, secondary) for name in names),
        )

    return make


@pytest.fixture(scope="session")
def short_chains(training):
    """Three families with n <= 4: level 2 of ``length`` in small."""
    names = [f"{f}-{n}-H" for f in ("H", "OH", "CHO") for n in range(1, 5) if (f, n) != ("H", 1)]
    return training(names, stride=2)


@pytest.fixture(scope="session")
def fitted(short_chains):
    return KIND.fit(short_chains, KIND.settings(), 0, Path())
