"""A potential on one split: fitted on its training frames, and asked for its test frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.potentials.base import LearnedElsewhere, Potential, Progress, silent
from mlip_compose.potentials.calculator import CalculatorPotential, wrap_calculator
from mlip_compose.potentials.entry import LABEL, Entry
from mlip_compose.potentials.registry import KINDS
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.predict import predict_selection
from mlip_compose.predictions.target import Target, training_set
from mlip_compose.store.reader import Store


def fit_potential(
    potential: str,
    dataset: Store,
    target: Target,
    settings: Mapping[str, Any] | None = None,
    *,
    workdir: str | Path | None = None,
    progress: Progress = silent,
) -> Potential:
    """Fit a potential on the training frames of a target, in this process.

    Parameters
    ----------
    potential
        Name of a potential, such as ``additive`` or ``mace-small``.
    dataset
        Data set of the target.
    target
        The split with its frames; its seed is that of the initial parameters too.
    settings
        Settings that differ from the defaults of the potential.
    workdir
        Directory of checkpoints: a fit that was interrupted goes on from there when it is called
        again with the same arguments. None keeps none.
    progress
        Called with the fraction done, 0 to 1, and a short message.

    Returns
    -------
    Potential
        ``predict(molecule, positions)`` takes positions (F, N, 3) in Angstrom and gives energies
        (F,) in eV and forces (F, N, 3) in eV/Angstrom; ``save(directory)`` keeps it for
        ``load_potential``.

    Raises
    ------
    UnknownNameError
        No such potential or setting; names the nearest.
    MissingExtraError
        A package that the potential needs is not installed.
    RequestError
        The target has nothing to train on, or the fit failed; says why.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "length", level=1, train_frames=60)
    >>> potential = mc.fit_potential("composition", dataset, target)
    >>> ethanol = dataset.frames("OH-2-H", "primary")
    >>> energies, forces = potential.predict(dataset.molecules["OH-2-H"], ethanol.positions)
    >>> forces.shape
    (40, 9, 3)
    """
    entry = Entry(potential=potential, settings=dict(settings or {}))
    resolved = entry.resolved()
    if not target.split.trains and not entry.is_zero_shot:
        raise RequestError(
            f"a potential that was trained elsewhere, for {target.split.task!r}, which has "
            "nothing to train on",
            potential,
        )
    if entry.kind.check is not None:
        entry.kind.check(resolved)
    chosen = target.selection
    data = training_set(dataset, chosen.train, chosen.validation, chosen.held_out)
    with TemporaryDirectory() as scratch:
        checkpoints = Path(workdir or scratch)
        checkpoints.mkdir(parents=True, exist_ok=True)
        fitted = entry.kind.fit(data, resolved, target.seed, checkpoints, progress)
    if isinstance(fitted, Failure):
        raise RequestError(f"{potential} fitted on {target.id}", str(fitted))
    return fitted


def predict_target(
    potential: Potential | Any,
    dataset: Store,
    target: Target,
    *,
    name: str = "",
    level_of_theory: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Predictions:
    """Predict the frames of a target with a potential or an ASE calculator, in this process.

    Predicted are the training frames (for per-element offsets), the ID and OOD test frames, and the
    relaxed minima. A frame that fails is NaN, and counted. A potential that was trained on frames
    of the data set has to be one that was trained on exactly the training frames of the target.

    Parameters
    ----------
    potential
        A potential (of ``fit_potential``, ``load_potential``, or any object with ``name``,
        ``elements`` and ``predict``), or an ASE calculator.
    dataset
        Data set of the target.
    target
        The split with its frames.
    name
        Name in results, such as ``my model``; that of the potential, or of the calculator's class,
        where it is empty.
    level_of_theory
        Level of theory of the labels that it was trained on elsewhere, such as ``wB97X/6-31G(d)``;
        empty for one that was trained on the training frames of the target. None takes what the
        potential says; a calculator counts as trained elsewhere.
    settings
        Settings to be kept with the predictions, such as JSON can write.

    Returns
    -------
    Predictions
        Energies (F,) in eV and forces (F, N, 3) in eV/Angstrom by molecule and trajectory.

    Raises
    ------
    RequestError
        Neither a potential nor an ASE calculator, or a name that cannot be.

    Examples
    --------
    >>> from ase.calculators.lj import LennardJones
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "length", level=1, train_frames=60)
    >>> predictions = mc.predict_target(LennardJones(), dataset, target, name="LJ")
    >>> predictions.frames["OH-7-H", "primary"].forces.shape
    (40, 24, 3)
    """
    wrapped = _as_potential(potential)
    label = name or (
        type(potential).__name__ if isinstance(wrapped, CalculatorPotential) else wrapped.name
    )
    if not re.fullmatch(LABEL, label):
        raise RequestError(
            "a name that begins with a letter or digit, of letters, digits, space, . _ + and -",
            repr(label),
        )
    elsewhere = wrapped.pretraining if isinstance(wrapped, LearnedElsewhere) else None
    if level_of_theory is None:
        zero_shot = elsewhere is not None and not elsewhere.fine_tuned
        level_of_theory = elsewhere.level_of_theory if elsewhere and zero_shot else ""
    plugin = KINDS.plugin(wrapped.name)
    software = {} if plugin is None else {plugin.package: plugin.version}
    software |= getattr(wrapped, "report", {}).get("software", {})
    facts = UnitFacts(
        id=label,
        task=target.split.task,
        levels=(target.level,),
        potential=label,
        role=KINDS[wrapped.name].role if wrapped.name in KINDS else "learned",
        seed=target.seed,
        train_frames=target.n_train,
        settings=dict(settings or {}),
        status="done",
        facts={"software": software},
        level_of_theory=level_of_theory,
        pretrained_on=elsewhere.level_of_theory if elsewhere and elsewhere.fine_tuned else "",
    )
    return predict_selection(wrapped, facts, dataset, target)


def _as_potential(potential: Any) -> Potential:
    """Return a potential as it is, and an ASE calculator as a potential."""
    if callable(getattr(potential, "predict", None)) and hasattr(potential, "elements"):
        own: Potential = potential
        return own
    return wrap_calculator(potential)
