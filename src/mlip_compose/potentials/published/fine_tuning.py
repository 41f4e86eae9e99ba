"""Potentials from a published model and the frames of a task, with or without training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from graph_pes import GraphPESModel

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import Failure, FloatArray, Frames, TrainingSet
from mlip_compose.potentials.base import Progress, check_request
from mlip_compose.potentials.neural.networks.fitting import fingerprint, training_facts
from mlip_compose.potentials.neural.networks.graphs import labelled_graphs
from mlip_compose.potentials.neural.networks.models import DTYPES
from mlip_compose.potentials.neural.networks.runtime import chosen_device, name_of
from mlip_compose.potentials.neural.networks.training import train
from mlip_compose.potentials.published.backend import get_backend
from mlip_compose.potentials.published.card import ModelCard, card_elements, state_unknown
from mlip_compose.potentials.published.potential import (
    PretrainedPotential,
    interaction,
    load_model,
)
from mlip_compose.potentials.published.settings import FineTuningSettings, ZeroShotSettings
from mlip_compose.potentials.reference_energies import fit_element_energies, molecule_means


def zero_shot(
    name: str, card: ModelCard, weights: Path, data: TrainingSet, settings: ZeroShotSettings
) -> PretrainedPotential:
    """Make a potential of a published model as it is.

    Its forces are the published ones. Its energies have the zero of the training labels
    (:func:`fit_atomic_energies`), or the published zero where there is no training frame. Energies
    within a molecule and energies of reactions are the same either way. Molecules of an element, a
    charge or a spin that the model does not know are passed over; their predictions fail.

    Raises
    ------
    RequestError
        The model knows none of the training molecules.
    """
    model = load_model(card, weights, settings.dtype).requires_grad_(False)
    energies, facts = fit_atomic_energies(card, model, _known(card, data), settings.dtype)
    return PretrainedPotential(
        name,
        card,
        sha256_of(weights),
        model,
        settings.dtype,
        energies,
        fine_tuned=False,
        report=_size(model) | {"device": name_of(chosen_device())} | facts,
    )


def _known(card: ModelCard, data: TrainingSet) -> TrainingSet:
    """Return the training frames of molecules that the model knows; all where it knows none."""
    elements = card_elements(card)

    def is_known(frames: Frames) -> bool:
        molecule = data.molecules[frames.molecule]
        return not state_unknown(card, molecule) and elements.issuperset(molecule.numbers.tolist())

    known = tuple(filter(is_known, data.train))
    return replace(data, train=known) if known else data


def fine_tune(
    name: str,
    card: ModelCard,
    weights: Path,
    data: TrainingSet,
    settings: FineTuningSettings,
    seed: int,
    workdir: Path,
    progress: Progress,
) -> PretrainedPotential | Failure:
    """Train a published model, from its weights or from the checkpoint of the same training.

    All parameters are trained. Members of an ensemble are trained together, since their mean
    predicts. Parameters that the training frames do not touch (networks of other elements) stay as
    they were published.

    Raises
    ------
    CoverageError
        There is no training frame or no validation frame.
    RequestError
        A training molecule has an element, a charge or a spin that the model does not know.
    """
    if not any(len(frames) for frames in data.train):
        raise CoverageError("at least one training frame", "none")
    if not any(len(frames) for frames in data.validation):
        raise CoverageError("at least one validation frame", "none")
    model = load_model(card, weights, settings.dtype)
    sha256 = sha256_of(weights)
    energies, facts = fit_atomic_energies(card, model, data, settings.dtype)
    graphs, validation = (
        labelled_graphs(
            data.molecules, frames, energies, float(model.cutoff), DTYPES[settings.dtype]
        )
        for frames in (data.train, data.validation)
    )
    digest = fingerprint(f"{name} {sha256}", data, settings, seed)
    checkpoint = workdir / "checkpoints" / f"{card.name}-{digest}.ckpt"
    training = train(model.train(), graphs, validation, settings, seed, checkpoint, progress)
    if training.curve.divergence is not None:
        return Failure("training", name, training.curve.divergence)
    return PretrainedPotential(
        name,
        card,
        sha256,
        model.eval().requires_grad_(False).cpu(),
        settings.dtype,
        energies,
        fine_tuned=True,
        report=_size(model) | facts | training_facts(training),
    )


def fit_atomic_energies(
    card: ModelCard, model: GraphPESModel, data: TrainingSet, dtype: str
) -> tuple[dict[int, float], dict[str, object]]:
    """Fit energies of atoms to training labels less the model's energies without atoms.

    One number a molecule is fitted: the mean of that difference over its training frames.
    Compositions often do not determine the energy of each element, which then keeps a physical
    starting value. That is the model's own atomic energy times one fitted factor where the factor
    is nearly 1 (labels of all electrons). Otherwise it is that of potentials from scratch
    (:func:`fit_element_energies`).

    Returns
    -------
    energies
        Atomic number to energy, eV, for every element of the card. They are the model's own where
        there is no training frame.
    facts
        Facts for the report: the source of the energies, and elements without a training frame.
    """
    published = get_backend(card.backend).atomic_energies(model)
    elements = card_elements(card)

    def residual(frames: Frames) -> FloatArray:
        molecule = data.molecules[frames.molecule]
        positions = check_request(card.name, elements, molecule, frames.positions)
        energies, _ = interaction(card, model, dtype, molecule, positions)
        return frames.energy - energies

    molecules, means = molecule_means(data, residual)
    if not molecules:
        return published, {"atomic_energies_from": "the published model"}
    numbers = [molecule.numbers for molecule in molecules]
    energies = fit_element_energies(numbers, means, np.array(sorted(elements)), published)
    unseen = sorted(elements - set(np.concatenate(numbers).tolist()))
    return energies, {
        "atomic_energies_from": "training labels",
        "elements_without_training_frame": unseen,
    }


def _size(model: GraphPESModel) -> dict[str, object]:
    return {"parameters": sum(parameter.numel() for parameter in model.parameters())}
