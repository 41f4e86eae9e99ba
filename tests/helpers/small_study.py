"""A store of a few molecules of a frozen set, and a study of it that takes seconds."""

import numpy as np

from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store
from mlip_compose.studies.study import Study

NAMES = tuple(f"{group}-{n}-H" for group in ("OH", "F") for n in (1, 2, 3, 4, 7, 8))
LENGTHS = {PRIMARY: 12, SECONDARY: 5, MINIMUM: 1}


def write_small(path, names=NAMES):
    """Write the first frames of a few molecules."""
    whole = Store(dataset_path("mini-v1"))

    def first(name, trajectory, most):
        if trajectory == MINIMUM:
            return whole.minimum(name)
        return whole.frames(
            name, trajectory, np.arange(min(most, whole.n_frames(name, trajectory)))
        )

    contents = [
        (
            whole.molecules[name],
            [
                first(name, trajectory, most)
                for trajectory, most in LENGTHS.items()
                if trajectory == MINIMUM or whole.n_frames(name, trajectory)
            ],
        )
        for name in names
    ]
    write_store(path, whole.header, contents)


def small_study(path, **changes):
    """Return a study of two levels with ceilings on this store."""
    fields = {
        "name": "small",
        "dataset": str(path),
        "tasks": ("length",),
        "levels": (1, 2),
        "potentials": ("composition", "additive"),
        "train_frames": 40,
        "allow_missing": True,
        "ceiling": True,
    }
    study = Study.model_validate(fields | changes)
    study.check()
    return study
