"""A leak that a certificate finds stands at the top of the answer of ``run``."""

import json

import numpy as np
from small_study import write_small

from mlip_compose.core.records import Frames
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

STUDY = """name: leaking
dataset: leaky.h5
tasks: [length]
levels: [1]
potentials: [composition]
train_frames: 40
allow_missing: true
"""


def leaky(path, source):
    """Write a store whose secondary trajectory has a primary frame, in one molecule."""
    store = Store(source)

    def contents():
        for name, molecule in store.molecules.items():
            primary = store.frames(name, "primary")
            rows = np.arange(5) if name == "OH-1-H" else None
            secondary = store.frames(name, "secondary")
            if rows is not None:
                secondary = Frames(
                    name,
                    "secondary",
                    rows,
                    primary.positions[rows],
                    primary.energy[rows],
                    primary.forces[rows],
                )
            yield molecule, [primary, secondary, store.minimum(name)]

    write_store(path, store.header, contents())


def test_a_leak_is_said_first(command, tmp_path):
    leaky(tmp_path / "leaky.h5", write_small(tmp_path / "small.h5"))
    (tmp_path / "study.yaml").write_text(STUDY)
    outcome = command("run", "study.yaml", "-j", "1")
    assert outcome.status == 0
    assert outcome.out.startswith("LEAK: part of the test of length, level 1, was in training")
    assert "OH-1-H" in outcome.out.splitlines()[0] + outcome.out.splitlines()[1]
    outcome = command("run", "study.yaml", "-j", "1", "--json")
    assert json.loads(outcome.out)["certificates"][0]["leaks"]
    assert "LEAK" in outcome.err
