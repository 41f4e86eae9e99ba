"""Predict the frames of a split with a fitted potential."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from mlip_compose.potentials.base import BacksOff, Potential
from mlip_compose.records import Frames, IntArray, PredictedFrames
from mlip_compose.report.bundle import UnitFacts
from mlip_compose.store.predictions import PredictionHeader, Predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import Target
from mlip_compose.studies.relaxing import relax_minima


def predict_selection(
    potential: Potential, facts: UnitFacts, store: Store, target: Target
) -> Predictions:
    """Predict training, ID and OOD frames of a target, and the minima of its molecules.

    Training frames are there for the per-element offsets, which are fitted on training labels only.
    Validation frames are not predicted: no number is reported on them. Predictions of a ceiling say
    so in the name of the potential. Where the target asks for it, the potential relaxes the minima.
    """
    molecules = (*target.split.train, *target.split.ood) if target.relax else ()
    relaxed, failed = relax_minima(potential, store, molecules)
    header = PredictionHeader(
        potential=f"{facts.potential}, ceiling" if target.ceiling_of else facts.potential,
        role=facts.role,
        settings=facts.settings,
        seed=facts.seed,
        dataset=store.name,
        dataset_sha256=store.checksum,
        reference=store.reference,
        task=target.split.task,
        level=target.level,
        train_frames=facts.train_frames,
        unseen_terms=_unseen_terms(potential, store, target),
        failed_relaxations=failed,
        software={"mlip-compose": version("mlip-compose")},
    )
    return Predictions(
        header,
        [*(_predict(potential, store, frames) for frames in _wanted(store, target)), *relaxed],
    )


def _unseen_terms(potential: Potential, store: Store, target: Target) -> dict[str, tuple[int, int]]:
    """Add up the terms of the OOD molecules whose type was not in training, kind by kind."""
    totals: dict[str, tuple[int, int]] = {}
    if isinstance(potential, BacksOff):
        for name in target.split.ood:
            for kind, counts in potential.unseen_types(store.molecules[name]).items():
                unseen, total = totals.get(kind, (0, 0))
                totals[kind] = (unseen + counts[0], total + counts[1])
    return totals


def _wanted(store: Store, target: Target) -> Iterator[Frames]:
    wanted: dict[tuple[str, str], IntArray] = {}
    for part, molecule, trajectory, indices in target.selection.wanted():
        if part != "validation":
            key = molecule, trajectory
            wanted[key] = np.union1d(wanted[key], indices) if key in wanted else indices
    for (molecule, trajectory), indices in wanted.items():
        yield store.frames(molecule, trajectory, indices)
    for molecule in (*target.split.train, *target.split.ood):
        if store.has_minimum(molecule):
            yield store.minimum(molecule)


def _predict(potential: Potential, store: Store, frames: Frames) -> PredictedFrames:
    positions = frames.positions.astype(np.float64)
    energy, forces = potential.predict(store.molecules[frames.molecule], positions)
    return PredictedFrames(frames.molecule, frames.trajectory, frames.indices, energy, forces)
