"""Predictions of any ASE calculator, outside a study: molecules side by side, nothing trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.probing import failed_throughout
from mlip_compose.core.records import Failure
from mlip_compose.engine.engine import Engine, workers_died
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.potentials.calculator import (
    NAME,
    CalculatorPotential,
    CalculatorSettings,
    make,
)
from mlip_compose.potentials.entry import LABEL, Entry, facts_of
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.predict import (
    MoleculePrediction,
    assemble,
    molecules_of,
    predict_molecule,
)
from mlip_compose.predictions.probing import reason_throughout
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store, StoreFile

Watch = Callable[[str, float, Failure | None], None]
"""Called with the molecule that was predicted, the fraction done, and a failure if any."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """One molecule of a target, for a worker process; or a few of its frames, to try."""

    settings: str
    dataset: StoreFile
    target: Target
    molecule: str

    def __str__(self) -> str:
        return self.molecule


def calculator_entry(
    function: str,
    arguments: Mapping[str, Any],
    elements: Sequence[str] | None,
    level_of_theory: str,
    name: str,
) -> Entry:
    """Return the entry of a calculator, as a study has it.

    Parameters
    ----------
    function
        ``module:function``.
    arguments
        Keyword arguments of its call.
    elements
        Symbols of the elements that it knows, such as ``H``; None asks the calculator.
    level_of_theory
        Level of theory of its training; may be empty.
    name
        Name in results; that of the function where it is empty.

    Raises
    ------
    StudyError, RequestError
        A symbol is that of no element, or the name has other characters than a label may have.
    """
    maker = function.rpartition(":")[2]
    label = name or (maker if re.fullmatch(LABEL, maker) else "") or NAME
    if not re.fullmatch(LABEL, label):
        raise RequestError(
            "a name that begins with a letter or digit, of letters, digits, space, . _ + and -",
            repr(label),
        )
    settings = {
        "function": function,
        "arguments": dict(arguments),
        "elements": None if elements is None else tuple(elements),
        "level_of_theory": level_of_theory,
    }
    entry = Entry(potential=NAME, settings=settings, label=label)
    entry.resolved()
    return entry


def predict_calculator(
    entry: Entry,
    dataset: Path,
    target: Target,
    engine: Engine,
    watch: Watch = lambda molecule, fraction, failure: None,
) -> Predictions:
    """Predict a target with a calculator; each worker process makes its own.

    Parameters
    ----------
    entry
        Entry of the calculator (see :func:`calculator_entry`).
    dataset
        Path of the store.
    target
        Frames to predict; those of training serve the per-element offsets.
    engine
        Engine that predicts the molecules.
    watch
        Listener of progress.

    Raises
    ------
    RequestError
        The calculator cannot be made, or a worker process died.
    FailedThroughoutError
        It fails on every frame that is tried first, for one reason; or on every frame.
    """
    store = Store(dataset)
    settings = entry.resolved().model_dump_json()
    ((_, report),) = engine.run(_report, [settings])
    if isinstance(report, Failure):
        raise RequestError(f"a worker in which {entry.shown} can be made", report.reason)
    ((_, reason),) = engine.run(_try, [_Piece(settings, store.file, target, entry.shown)])
    if isinstance(reason, str) and reason:  # of a worker that died, the others will say more
        raise failed_throughout(entry.shown, reason)
    names = sorted(molecules_of(target), key=lambda name: -store.molecules[name].n_atoms)
    pieces = [_Piece(settings, store.file, target, name) for name in names]
    predicted: dict[str, MoleculePrediction] = {}
    died: list[str] = []
    for piece, outcome in engine.run(_predict, pieces):
        failure = outcome if isinstance(outcome, Failure) else None
        if isinstance(outcome, Failure):
            died.append(piece.molecule)
        else:
            predicted[piece.molecule] = outcome
        watch(piece.molecule, (len(predicted) + len(died)) / len(pieces), failure)
    if died:
        largest = next(name for name in names if name in died)
        raise workers_died(
            f"one of {entry.shown} that died (killed, out of memory, or a crash of the calculator) "
            f"and left {len(died)} of {len(pieces)} molecules, the largest of them {largest}",
            "Run again, with -j 1 if memory is short.",
        )
    facts = UnitFacts(
        id=entry.shown,
        task=target.split.task,
        levels=(target.level,),
        seed=target.seed,
        train_frames=target.n_train,
        status="done",
        facts=report,
        **facts_of(entry),
    )
    predictions = assemble([predicted[name] for name in molecules_of(target)], facts, store, target)
    if not any(np.isfinite(frames.energy).any() for frames in predictions.frames.values()):
        raise failed_throughout(entry.shown, next(iter(predictions.header.failures)))
    return predictions


def _report(settings: str) -> dict[str, Any]:
    return dict(_potential(settings).report)


def _try(piece: _Piece) -> str:
    return reason_throughout(_potential(piece.settings), piece.dataset.open(), piece.target)


def _predict(piece: _Piece) -> MoleculePrediction:
    potential = _potential(piece.settings)
    return predict_molecule(potential, piece.dataset.open(), piece.target, piece.molecule)


@lru_cache(maxsize=1)
def _potential(settings: str) -> CalculatorPotential:
    """Return the potential of this process: a worker predicts many molecules with one."""
    return make(CalculatorSettings.model_validate_json(settings))
