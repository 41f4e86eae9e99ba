"""Directories of trainings: ``unit.json``, saved potentials, checkpoints and weights of others."""

import atexit
import copy
import io
import json
import pickle
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from builders import unit_facts

from hostile.canary import CANARY, Canary
from hostile.corrupted_arrays import mutate_npz
from hostile.corrupted_documents import mutate_document, mutate_json
from hostile.corrupted_text import mutate_bytes, one_of
from hostile.reader import Reader
from hostile.stores import write_toy
from mlip_compose.core.records import SplitKey
from mlip_compose.potentials.additive.kind import KIND as ADDITIVE
from mlip_compose.potentials.base import ListsTerms
from mlip_compose.potentials.composition import KIND as COMPOSITION
from mlip_compose.potentials.registry import load_potential
from mlip_compose.predictions.target import Target, target_of, training_set
from mlip_compose.store.reader import Store
from mlip_compose.studies.training import predict_unit, read_unit


class Trained(NamedTuple):
    """Folders of trained potentials, one a kind, and what they were trained on."""

    folder: Path
    store: Store
    target: Target


@cache
def trained():
    """Return trained potentials and what they were trained on, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(write_toy(folder / "toy.h5"))
    target = target_of(store, SplitKey("length", 1, 0), 8, True)
    data = training_set(store, target.selection.train, target.selection.validation)
    for kind in (COMPOSITION, ADDITIVE):
        potential = kind.fit(data, kind.settings(), 0, folder)
        potential.save(folder / kind.name / "model")
        facts = unit_facts(
            levels=(1,),
            potential=kind.name,
            role=kind.role,
            train_frames=8,
            cost={"wall_s": 1.0},
            facts=dict(potential.report),
        )
        identity = {
            "dataset_sha256": store.checksum,
            "train": {name: indices.tolist() for name, indices in target.selection.train.items()},
        }
        document = {"identity": identity, "facts": facts.model_dump(mode="json")}
        (folder / kind.name / "unit.json").write_text(json.dumps(document))
    return Trained(folder, store, target)


HOSTILE = (
    {
        "kind": "calculator",
        "version": 1,
        "facts": {"function": "os:system", "arguments": {"command": f"touch {CANARY}"}},
    },
    {
        "kind": "calculator",
        "version": 1,
        "facts": {
            "function": "subprocess:check_call",
            "arguments": {"args": ["touch", CANARY]},
            "elements": ["H", "C", "O"],
        },
    },
    {
        "kind": "mine",
        "version": 1,
        "facts": {
            "card": {
                "format": "mlip-compose/model-card/1",
                "name": "mine",
                "summary": "x",
                "backend": "calculator",
                "constructor": "os:system",
                "arguments": {"command": f"touch {CANARY}"},
                "elements": ["H", "C", "O"],
                "charge": None,
                "spin": None,
                "level_of_theory": "x",
                "training_sets": [],
                "parameters": None,
                "licence": None,
                "citation": None,
                "weights": {},
                "executes_code": False,
                "package": "ase",
                "environment": "foundation",
                "fine_tuning": False,
            },
            "weights": None,
            "weights_sha256": None,
        },
    },
)


def training(name):
    def make(rng, arena):
        shutil.copytree(trained().folder / name, arena.inside / "training")
        folder = arena.inside / "training"
        kind = int(rng.integers(8))
        header = folder / "model" / "model.json"
        if kind == 0:
            path = folder / "unit.json"
            path.write_bytes(mutate_json(rng, path.read_text()))
        elif kind <= 3:
            header.write_bytes(mutate_json(rng, header.read_text()))
        elif kind == 4:
            document = json.loads(header.read_text())
            document["facts"] = mutate_document(rng, document["facts"], 1)
            header.write_text(json.dumps(document))
        elif kind == 5:
            document = copy.deepcopy(one_of(rng, HOSTILE))
            if rng.integers(2):
                document = mutate_document(rng, document, 1)
            header.write_text(json.dumps(document))
        else:
            arrays = folder / "model" / "model.npz"
            if not arrays.is_file():
                header.write_bytes(mutate_bytes(rng, header.read_bytes()))
            else:
                with np.load(arrays) as stored:
                    content = {key: stored[key] for key in stored.files}
                mutate_npz(rng, arrays, content)
        return folder

    return make


def predict(folder):
    original = trained()
    unit = read_unit(folder)
    predictions = predict_unit(unit, original.store, original.target)
    for frames in predictions.frames.values():
        assert frames.forces.shape[::2] == (len(frames.energy), 3)
    potential = load_potential(unit.model)
    if isinstance(potential, ListsTerms):
        potential.terms()


@cache
def trained_schnet():
    """Return a saved SchNet of a few parameters, and weights of ANI's format; needs torch."""
    import torch

    from mlip_compose.potentials.neural.architectures.schnet import SchNetSettings, build
    from mlip_compose.potentials.neural.networks.models import build_model
    from mlip_compose.potentials.neural.networks.potential import NeuralPotential
    from mlip_compose.potentials.neural.settings import Architecture

    torch.set_num_threads(1)
    architecture = Architecture("schnet-small", SchNetSettings, build)
    settings = architecture.settings.model_validate({"channels": 4})
    energies = {1: -10.0, 6: -1000.0, 8: -2000.0}
    model = build_model(architecture, settings, sorted(energies), seed=0)
    folder = trained().folder / "schnet"
    shutil.copytree(trained().folder / "composition", folder)
    shutil.rmtree(folder / "model")
    NeuralPotential(architecture, settings, model.eval(), energies, {}).save(folder / "model")
    return folder


def neural_training(rng, arena):
    trained_schnet()
    return training("schnet")(rng, arena)


def weights(rng, arena):
    """Write what is to be a state of torch, and mostly is a pickle that runs code."""
    import torch

    import mlip_compose.potentials.published.with_torchani  # noqa: F401 - makes caches at first

    state = {"a.weight": torch.zeros(3, 3), "b": torch.ones(2)}
    target = io.BytesIO()
    kind = int(rng.integers(6))
    if kind <= 1:
        torch.save(state | {"c": Canary()} if kind else state, target)
    elif kind == 2:
        torch.save(Canary(), target, _use_new_zipfile_serialization=False)
    elif kind == 3:
        pickle.dump(Canary(), target)
    elif kind == 4:
        torch.save(state, target)
        repacked = io.BytesIO()
        with zipfile.ZipFile(target) as old, zipfile.ZipFile(repacked, "w") as new:
            for name in old.namelist():
                content = pickle.dumps(Canary()) if name.endswith("data.pkl") else old.read(name)
                new.writestr(name, content)
        target = repacked
    else:
        torch.save(state, target, _use_new_zipfile_serialization=bool(rng.integers(2)))
    path = arena.inside / "weights.pt"
    data = target.getvalue()
    path.write_bytes(mutate_bytes(rng, data) if rng.integers(2) else data)
    return path


def read_weights(path):
    from mlip_compose.potentials.published.card import shipped_card
    from mlip_compose.potentials.published.with_torchani import load

    load(shipped_card("ani-1x"), path)


READERS = {
    "composition": Reader(training("composition"), predict),
    "additive": Reader(training("additive"), predict),
    "schnet": Reader(neural_training, predict, slow=True),
    "weights": Reader(weights, read_weights, slow=True),
}
