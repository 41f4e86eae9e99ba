"""Models with random weights, in files of the format that published ones have."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY, SECONDARY, Frames, Parts, TrainingSet
from mlip_compose.molecules.assembly import assemble
from mlip_compose.potentials.published.card import SCHEMA, ModelCard

os.environ.setdefault("OMP_NUM_THREADS", "1")

ATOM_ENERGIES = {1: -13.6, 6: -1030.0, 8: -2040.0}  # eV, large: what float32 could not hold


def card_of(backend, constructor, elements, **others):
    return ModelCard.model_validate(
        {
            "format": SCHEMA,
            "name": f"random-{backend}",
            "summary": "random weights",
            "backend": backend,
            "constructor": constructor,
            "elements": elements,
            "charge": "neutral only",
            "spin": "singlet only",
            "level_of_theory": "none",
            "training_sets": [],
            "parameters": None,
            "licence": None,
            "citation": None,
            "weights": {"file": "random.pt"},
            "executes_code": backend == "mace",
            "package": "torchani" if backend == "torchani" else "mace",
            "environment": "foundation",
            "fine_tuning": True,
        }
        | others
    )


def write_ani(path):
    """Write a state dict as torchani publishes it: an ensemble of ANI-1x with random weights."""
    import torch

    from mlip_compose.potentials.published import with_torchani as torchani_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = torchani_model.rebuild({"family": "ANI1x", "members": 8})
        for parameter in model.parameters():  # so that no layer is nearly constant
            torch.nn.init.normal_(parameter, std=1.5 * parameter.shape[-1] ** -0.5)
        for network in (m for m in model.modules() if hasattr(m, "final_layer")):
            torch.nn.init.normal_(network.final_layer.weight, std=0.02)
            torch.nn.init.zeros_(network.final_layer.bias)
    torch.save(model.ani.state_dict(), path)


def write_mace(path, heads=("Default",)):
    """Write a model as mace-torch does: a pickle of the whole object."""
    import torch
    from e3nn import o3
    from mace import modules

    import mlip_compose.potentials.published.with_mace  # noqa: F401 - brings the others in their order
    from mlip_compose.potentials.neural.networks.runtime import quiet

    one_a_head: dict[str, Any] = {
        "atomic_inter_scale": [0.7] * len(heads),
        "atomic_inter_shift": [0.1] * len(heads),
    }
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = modules.ScaleShiftMACE(
            r_max=3.5,
            num_bessel=6,
            num_polynomial_cutoff=5,
            max_ell=1,
            interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
            interaction_cls_first=modules.interaction_classes["RealAgnosticInteractionBlock"],
            num_interactions=2,
            num_elements=3,
            hidden_irreps=o3.Irreps("4x0e + 4x1o"),
            MLP_irreps=o3.Irreps("4x0e"),
            atomic_energies=np.array([list(ATOM_ENERGIES.values())] * len(heads)),
            avg_num_neighbors=6.0,
            atomic_numbers=list(ATOM_ENERGIES),
            correlation=2,
            gate=modules.gate_dict["silu"],
            **one_a_head,
            radial_MLP=[8, 8],
            heads=list(heads),
        )
        torch.save(model, path)


CARDS = {
    "torchani": card_of("torchani", "torchani.models:ANI1x", ["H", "C", "N", "O"]),
    "mace": card_of("mace", "mace.calculators:mace_off", ["H", "C", "O"]),
}


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Return files of random weights by backend."""
    pytest.importorskip("graph_pes")
    folder = tmp_path_factory.mktemp("weights")
    found = {"torchani": folder / "random_state_dict.pt", "mace": folder / "random.model"}
    write_ani(found["torchani"])
    write_mace(found["mace"])
    return found


@pytest.fixture(scope="session", params=sorted(CARDS))
def card(request):
    return CARDS[request.param]


@pytest.fixture(scope="session")
def ani_card():
    return CARDS["torchani"]


@pytest.fixture(scope="session")
def mace_card():
    return CARDS["mace"]


@pytest.fixture(scope="session")
def several_heads(tmp_path_factory):
    path = tmp_path_factory.mktemp("heads") / "two.model"
    write_mace(path, ("omol", "spice"))
    return path


def morse(positions):
    """Energy (F,) and forces (F, N, 3) of a sum of Morse-like terms over all pairs."""
    vectors = positions[:, :, None] - positions[:, None]
    distances = np.linalg.norm(vectors, axis=-1) + np.eye(positions.shape[1])
    decay = np.exp(-1.5 * (distances - 1.4)) * (1 - np.eye(positions.shape[1]))
    energy = 0.5 * np.sum(0.5 * (decay**2 - 2 * decay), axis=(1, 2))
    slope = 0.5 * (-3.0 * decay**2 + 3.0 * decay)
    forces = -np.sum((slope / distances)[..., None] * vectors, axis=2)
    return energy, forces


def labelled(molecule, trajectory, n_frames, seed):
    rng = np.random.default_rng(seed)
    n = molecule.n_atoms
    side = int(np.ceil(n ** (1 / 3)))
    lattice = 1.5 * np.argwhere(np.ones((side, side, side)))[:n]
    positions = lattice + rng.normal(0, 0.12, size=(n_frames, n, 3))
    energy, forces = morse(positions)
    energy = energy + sum(ATOM_ENERGIES[z] for z in molecule.numbers.tolist())
    return Frames(molecule.name, trajectory, np.arange(n_frames), positions, energy, forces)


@pytest.fixture(scope="session")
def data():
    molecules = [assemble(p) for p in (Parts("H", 2, "H"), Parts("OH", 1, "H"), Parts("H", 3, "H"))]
    return TrainingSet(
        {m.name: m for m in molecules},
        tuple(labelled(m, PRIMARY, 6, seed) for seed, m in enumerate(molecules)),
        tuple(labelled(m, SECONDARY, 3, 50 + seed) for seed, m in enumerate(molecules)),
    )
