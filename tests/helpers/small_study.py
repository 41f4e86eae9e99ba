"""A store of a few molecules of a frozen set, and a study of it that takes seconds."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store
from mlip_compose.studies.study import Study

NAMES = tuple(f"{group}-{n}-H" for group in ("OH", "F") for n in (1, 2, 3, 4, 7, 8))
PAIRS = ("OH-2-F", "OH-4-F", "F-2-F", "OH-2-OH")
LENGTHS = {PRIMARY: 12, SECONDARY: 5, MINIMUM: 1}


def write_small(path, names=NAMES):
    """Write the first frames of a few molecules."""
    path.write_bytes(_small(tuple(names)))
    return path


@cache
def _small(names):
    """Return the bytes of the store of these molecules."""
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
    with TemporaryDirectory() as folder:
        write_store(Path(folder, "small.h5"), whole.header, contents)
        return Path(folder, "small.h5").read_bytes()


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
