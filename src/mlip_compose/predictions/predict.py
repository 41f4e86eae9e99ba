"""Predict the frames of a split with a fitted potential."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

import numpy as np

from mlip_compose.core.records import Frames, IntArray, Molecule, PredictedFrames
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.potentials.base import BacksOff, FailsFrames, KnowsStates, Potential
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.relaxing import relax_minima
from mlip_compose.predictions.target import Target, tested_on
from mlip_compose.store.reader import Store

NOT_FINITE: Final = "energy or forces that are not finite"
LONGEST_REASON: Final = 200  # characters
MOST_REASONS: Final = 30
OTHER_REASONS: Final = "other reasons"


@dataclass(frozen=True, eq=False)
class MoleculePrediction:
    """Predictions of a potential for one molecule of a target.

    Attributes
    ----------
    frames
        Predicted frames; failed ones are NaN.
    failures
        Reasons of the failed frames, by ``molecule/trajectory/frame``.
    failed_relaxations
        Reason why the minimum could not be relaxed, by molecule.
    unseen_terms
        See :class:`~mlip_compose.core.rows.PredictedRow`.
    """

    frames: tuple[PredictedFrames, ...]
    failures: Mapping[str, str] = field(default_factory=dict)
    failed_relaxations: Mapping[str, str] = field(default_factory=dict)
    unseen_terms: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def predict_selection(
    potential: Potential, facts: UnitFacts, store: Store, target: Target
) -> Predictions:
    """Predict training, ID and OOD frames of a target, and the minima of its molecules.

    Training frames serve the per-element offsets, which are fitted on training labels only.
    Validation frames are not predicted: no number is reported on them. Predictions of a ceiling say
    so in the name of the potential. The potential relaxes the minima where the target asks for it.
    """
    names = molecules_of(target)
    pieces = [predict_molecule(potential, store, target, name) for name in names]
    return assemble(pieces, facts, store, target)


def molecules_of(target: Target) -> tuple[str, ...]:
    """Return the molecules of a target: those trained on, and the OOD ones."""
    return (*target.split.train, *target.split.ood)


def predict_molecule(
    potential: Potential, store: Store, target: Target, name: str
) -> MoleculePrediction:
    """Predict the frames of one molecule of a target.

    All frames of a molecule have failed where the potential does not know one of its elements, its
    charge or its spin; the other molecules are predicted.
    """
    molecule = store.molecules[name]
    wanted = list(wanted_frames(store, target, name))
    if reason := unsupported(potential, molecule):
        return MoleculePrediction(
            tuple(_failed(frames) for frames in wanted),
            {place: reason for frames in wanted for place in _places(frames)},
            {name: reason} if target.relax and store.has_minimum(name) else {},
        )
    predicted, failures = [], {}
    for frames in wanted:
        prediction, reasons = predict_frames(potential, molecule, frames)
        predicted.append(prediction)
        failures.update(reasons)
    relaxed, failed = relax_minima(potential, store, [name] if target.relax else [])
    unseen: Mapping[str, tuple[int, int]] = {}
    if isinstance(potential, BacksOff) and name in target.split.ood:
        unseen = potential.unseen_types(molecule)
    return MoleculePrediction((*predicted, *relaxed), failures, failed, unseen)


def assemble(
    pieces: Iterable[MoleculePrediction], facts: UnitFacts, store: Store, target: Target
) -> Predictions:
    """Put the predictions of the molecules of a target together."""
    frames: list[PredictedFrames] = []
    failures: dict[str, str] = {}
    failed_relaxations: dict[str, str] = {}
    unseen_terms: dict[str, tuple[int, int]] = {}
    for piece in pieces:
        frames += piece.frames
        failures |= piece.failures
        failed_relaxations |= piece.failed_relaxations
        for kind, counts in piece.unseen_terms.items():
            unseen, total = unseen_terms.get(kind, (0, 0))
            unseen_terms[kind] = (unseen + counts[0], total + counts[1])
    software = facts.facts.get("software")
    row = facts.shared_with(PredictionHeader) | tested_on(store, target.key)
    row["train_frames"] = target.n_train  # 0 for a task that trains on nothing
    if target.ceiling_of:
        row["potential"] = f"{facts.potential}, ceiling"
    header = PredictionHeader(
        **row,
        unseen_terms=unseen_terms,
        failed_relaxations=failed_relaxations,
        failures=count_reasons(failures),
        software={
            **(software if isinstance(software, dict) else {}),
            "mlip-compose": version("mlip-compose"),
        },
    )
    return Predictions(header, frames, store.molecule_checksums)


def count_reasons(failures: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Count failed frames by reason, and name the first of each.

    A header has room for ``MOST_REASONS`` reasons: all further ones are counted together. Long
    reasons are cut.

    Parameters
    ----------
    failures
        Reasons by frame, such as ``OH-1-H/primary/3``.

    Returns
    -------
    dict
        By reason, the number of frames and the first of them.
    """
    counts: dict[str, tuple[int, str]] = {}
    for frame, reason in failures.items():
        key = reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 3]}..."
        if key not in counts and len(counts) >= MOST_REASONS:
            key = OTHER_REASONS
        count, first = counts.get(key, (0, frame))
        counts[key] = (count + 1, first)
    return counts


def wanted_frames(store: Store, target: Target, name: str) -> Iterator[Frames]:
    """Yield the frames of a molecule to predict, trajectory by trajectory, and its minimum."""
    selected: dict[str, IntArray] = {}
    for part, molecule, trajectory, indices in target.selection.wanted():
        if molecule == name and part != "validation":
            earlier = selected.get(trajectory)
            selected[trajectory] = indices if earlier is None else np.union1d(earlier, indices)
    for trajectory, indices in selected.items():
        yield store.frames(name, trajectory, indices)
    if store.has_minimum(name):
        yield store.minimum(name)


def unsupported(potential: Potential, molecule: Molecule) -> str:
    """Return why a potential cannot predict a molecule; empty where it knows all that it is."""
    from ase.data import chemical_symbols

    unknown = sorted(set(molecule.numbers.tolist()) - potential.elements)
    if unknown:
        return f"the potential does not know {', '.join(chemical_symbols[z] for z in unknown)}"
    state = potential.state_unknown(molecule) if isinstance(potential, KnowsStates) else ""
    return f"the potential does not know a molecule of {state}" if state else ""


def predict_frames(
    potential: Potential, molecule: Molecule, frames: Frames
) -> tuple[PredictedFrames, dict[str, str]]:
    """Predict frames of a molecule; return with them why some failed, by place."""
    positions = frames.positions.astype(np.float64)
    energy, forces = potential.predict(molecule, positions)
    own_reasons = potential.failed_frames() if isinstance(potential, FailsFrames) else {}
    finite = np.isfinite(energy) & np.isfinite(forces).all(axis=(1, 2))
    reasons = {
        place: own_reasons.get(row, NOT_FINITE)
        for row, place in enumerate(_places(frames))
        if not finite[row]
    }
    predicted = PredictedFrames(frames.molecule, frames.trajectory, frames.indices, energy, forces)
    return predicted, reasons


def _failed(frames: Frames) -> PredictedFrames:
    return PredictedFrames(
        frames.molecule,
        frames.trajectory,
        frames.indices,
        np.full(len(frames), np.nan),
        np.full(frames.positions.shape, np.nan),
    )


def _places(frames: Frames) -> list[str]:
    return [f"{frames.molecule}/{frames.trajectory}/{index}" for index in frames.indices.tolist()]
