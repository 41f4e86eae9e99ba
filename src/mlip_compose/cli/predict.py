"""``mlip-compose predict``: the frames of a task with a trained potential, or any calculator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, KeepScratch, Processes, Scheduler, engine_of
from mlip_compose.cli.options import (
    AllowMissing,
    Dataset,
    Json,
    Level,
    named_task,
    names_in,
    settings_in,
)
from mlip_compose.cli.output import Table, facts, show
from mlip_compose.cli.progress import progress_bars, unit_bar
from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlip_compose.engine.engine import DaskEngine
    from mlip_compose.potentials.entry import Entry
    from mlip_compose.predictions.file import Predictions
    from mlip_compose.predictions.target import Target
    from mlip_compose.store.reader import Store

    TargetIn = Callable[[Store, int, int], Target]
    """Makes the target in a store, for a number of training frames and a seed."""

OF_CALCULATORS = "With --calculator: "
TRAIN_FRAMES = 400


def predict(
    task: Annotated[
        str,
        typer.Argument(
            help="Name of a task, such as length, or a task file; 'whole' tests on all molecules "
            "of the data set.",
            callback=named_task,
        ),
    ],
    model: Annotated[
        Path | None, typer.Argument(help="Directory of a training (it has unit.json).")
    ] = None,
    calculator: Annotated[
        str | None,
        typer.Option(
            "--calculator",
            help="In place of MODEL: any ASE calculator, as module:function that makes it.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help=f"{OF_CALCULATORS}an argument, key=value; may be repeated."),
    ] = None,
    elements: Annotated[
        str | None,
        typer.Option(
            "--elements",
            help=f"{OF_CALCULATORS}symbols of its elements, such as H,C,N,O. Default: those that "
            "the calculator names.",
        ),
    ] = None,
    level_of_theory: Annotated[
        str | None,
        typer.Option(
            "--level-of-theory",
            help=f"{OF_CALCULATORS}level of theory of its training, such as wB97X/6-31G(d).",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help=f"{OF_CALCULATORS}name in results. Default: that of the function."
        ),
    ] = None,
    train_frames: Annotated[
        int | None,
        typer.Option(
            "--train-frames",
            min=1,
            help=f"{OF_CALCULATORS}training frames, for element offsets. Default: {TRAIN_FRAMES}.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, help=f"{OF_CALCULATORS}seed of the training frames. Default: 0."
        ),
    ] = None,
    level: Level = 2,
    dataset: Dataset = "core-v1",
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="HDF5 file. Default: a name such as length_L2_mace-small_s0.h5."
        ),
    ] = None,
    relax_minima: Annotated[
        bool,
        typer.Option(
            "--relax-minima", help="Relax the minima of all molecules with the potential, too."
        ),
    ] = False,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Predict the test frames of a task with a trained potential, or with any ASE calculator.

    A trained potential (MODEL) predicts at each level that trains on the same frames as its own.
    A calculator (--calculator) predicts zero-shot: it is trained on no frame of the task.
    """
    from mlip_compose.core.records import SplitKey
    from mlip_compose.predictions.calculator import calculator_entry
    from mlip_compose.predictions.file import write_predictions
    from mlip_compose.predictions.target import target_of
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store

    def target_in(store: Store, budget: int, seed: int) -> Target:
        return target_of(store, SplitKey(task, level, seed), budget, allow_missing, relax_minima)

    if model is not None and calculator is None:
        options = {
            "--set": settings,
            "--elements": elements,
            "--level-of-theory": level_of_theory,
            "--name": name,
            "--train-frames": train_frames,
            "--seed": seed,
            "-j": processes,
            "--scheduler": scheduler,
            "--cluster": cluster,
            "--keep-scratch": keep_scratch or None,
        }
        _refuse_with_model(model, options)
        predictions = _with_model(model, dataset, target_in)
    elif model is None and calculator is not None:
        arguments = settings_in(settings)
        symbols = None if elements is None else names_in(elements)
        entry = calculator_entry(calculator, arguments, symbols, level_of_theory or "", name or "")
        path = dataset_path(dataset).resolve()
        target = target_in(Store(path), train_frames or TRAIN_FRAMES, seed or 0)
        engine = engine_of(processes, scheduler, cluster, Path(), keep_scratch)
        predictions = _with_calculator(entry, path, target, engine)
    else:
        raise RequestError(
            "either MODEL, the directory of a training, or --calculator module:function",
            "none of them" if model is None else "both",
        )
    header = predictions.header
    file = out or Path(f"{header.key.file_name(header.potential)}.h5")
    write_predictions(file, predictions)
    document = _document(file, predictions, relax_minima)
    rows = [(key, value) for key, value in document.items() if key != "failures"]
    show(json, document, facts("Predicted", rows), *failure_tables(header.failures))


def _refuse_with_model(model: Path, options: Mapping[str, object]) -> None:
    """Refuse options of a calculator beside a trained potential; None is an option not given."""
    names = ", ".join(option for option, value in options.items() if value is not None)
    if names:
        raise RequestError(
            f"{names} with --calculator",
            f"the trained potential {model}, which settles that",
            f"Leave out {names}.",
        )


def _with_model(model: Path, dataset: str, target_in: TargetIn) -> Predictions:
    """Predict with a potential that was trained here, in this process."""
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store
    from mlip_compose.studies.training import predict_unit, read_unit

    unit = read_unit(model)
    store = Store(dataset_path(dataset))
    train_frames = unit.facts.train_frames or TRAIN_FRAMES  # a model of 'whole' has none
    return predict_unit(unit, store, target_in(store, train_frames, unit.facts.seed))


def _with_calculator(
    entry: Entry, dataset: Path, target: Target, engine: DaskEngine
) -> Predictions:
    """Predict with a calculator, molecules side by side."""
    from mlip_compose.predictions.calculator import predict_calculator

    with engine, progress_bars() as bars:
        bar = unit_bar(bars, f"{entry.shown} on {target.split.task}")
        return predict_calculator(entry, dataset, target, engine, bar)


def _document(file: Path, predictions: Predictions, relaxed: bool) -> dict[str, Any]:
    header = predictions.header
    document: dict[str, Any] = {
        "predictions": str(file),
        "molecules": len(predictions.molecules),
        "frames": sum(len(frames.indices) for frames in predictions.frames.values()),
    }
    if header.level_of_theory:
        document |= {"level_of_theory": header.level_of_theory, "reference": header.reference}
    if header.failures:
        document |= {
            "failed_frames": sum(count for count, _ in header.failures.values()),
            "failures": {
                reason: {"frames": count, "first": first}
                for reason, (count, first) in header.failures.items()
            },
        }
    if relaxed:
        document["failed_relaxations"] = header.failed_relaxations
    return document


def failure_tables(failures: Mapping[str, tuple[int, str]]) -> list[Table]:
    """Return a table of the reasons why frames failed, or none where no frame did.

    Parameters
    ----------
    failures
        Number of frames and the first of them, by the reason.
    """
    rows = [(count, reason, first) for reason, (count, first) in failures.items()]
    title = "Frames that failed, training frames and minima included"
    return [Table(title, ("frames", "reason", "first"), rows)] if rows else []
