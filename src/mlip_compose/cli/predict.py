"""``mlip-compose predict``: the frames of a task with a trained potential, or any calculator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of
from mlip_compose.cli.output import (
    AllowMissing,
    Dataset,
    Json,
    Level,
    names_in,
    print_json,
    print_table,
    progress_bars,
    settings_in,
    unit_watch,
)
from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from mlip_compose.engine.engine import DaskEngine
    from mlip_compose.potentials.entry import Entry
    from mlip_compose.predictions.file import Predictions
    from mlip_compose.predictions.target import Target

OF_CALCULATORS = "With --calculator: "
TRAIN_FRAMES = 400


def predict(
    task: Annotated[
        str, typer.Argument(help="Name of a task; 'whole' tests on all molecules there are.")
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
            help=f"{OF_CALCULATORS}symbols that it knows, such as H,C,N,O. Default: what it says.",
        ),
    ] = None,
    level_of_theory: Annotated[
        str | None,
        typer.Option(
            "--level-of-theory", help=f"{OF_CALCULATORS}that of the labels it was trained on."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help=f"{OF_CALCULATORS}its name in results.")
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
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: <task>_L<level>....h5.")
    ] = None,
    relax_minima: Annotated[
        bool,
        typer.Option(
            "--relax-minima", help="Relax the minima of all molecules with the potential."
        ),
    ] = False,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Predict the test frames of a task, at any level that trains on the same frames.

    With a potential that was trained here (MODEL), or, zero-shot, with any ASE calculator.
    """
    from mlip_compose.core.records import SplitKey
    from mlip_compose.predictions.calculator import calculator_entry
    from mlip_compose.predictions.file import write_predictions
    from mlip_compose.predictions.target import target_of
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store
    from mlip_compose.studies.training import predict_unit, read_unit

    of_calculators = {
        "--set": settings,
        "--elements": elements,
        "--level-of-theory": level_of_theory,
        "--name": name,
        "--train-frames": train_frames,
        "--seed": seed,
        "-j": processes,
        "--scheduler": scheduler,
        "--cluster": cluster,
    }
    given = [option for option, value in of_calculators.items() if value is not None]
    if calculator is not None and model is None:
        arguments = settings_in(settings or [])
        symbols = None if elements is None else names_in(elements)
        entry = calculator_entry(calculator, arguments, symbols, level_of_theory or "", name or "")
        path = dataset_path(dataset).resolve()
        store = Store(path)
        key = SplitKey(task, level, seed or 0)
        target = target_of(store, key, train_frames or TRAIN_FRAMES, allow_missing, relax_minima)
        engine = engine_of(processes, scheduler, cluster, Path())
        predictions = _calculated(entry, path, target, engine)
    elif model is not None and calculator is None and not given:
        unit = read_unit(model)
        store = Store(dataset_path(dataset))
        budget = unit.facts.train_frames or TRAIN_FRAMES  # none where it was made for 'whole'
        key = SplitKey(task, level, unit.facts.seed)
        target = target_of(store, key, budget, allow_missing, relax_minima)
        predictions = predict_unit(unit, store, target)
    elif model is not None and calculator is None:
        raise RequestError(
            f"{', '.join(given)} with --calculator",
            f"the trained potential {model}, which settles that",
            "Leave it out.",
        )
    else:
        raise RequestError(
            "either MODEL, the directory of a training, or --calculator module:function",
            "none of them" if model is None else "both",
        )
    header = predictions.header
    file = out or Path(f"{header.key.file_name(header.potential)}.h5")
    write_predictions(file, predictions)
    frames = sum(len(each.indices) for each in predictions.frames.values())
    document: dict[str, Any] = {
        "predictions": str(file),
        "molecules": len(predictions.molecules),
        "frames": frames,
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
    if relax_minima:
        document["failed_relaxations"] = header.failed_relaxations
    if json:
        print_json(document)
        return
    rows: list[tuple[object, ...]] = [
        (key, value) for key, value in document.items() if key != "failures"
    ]
    print_table("Predicted", ("", "value"), rows)
    print_failures(header.failures)


def print_failures(failures: dict[str, tuple[int, str]]) -> None:
    """Print why frames failed, where any did."""
    if failures:
        rows: list[tuple[object, ...]] = [
            (count, reason, first) for reason, (count, first) in failures.items()
        ]
        title = "Frames that failed, training frames and minima included"
        print_table(title, ("frames", "reason", "first"), rows)


def _calculated(entry: Entry, dataset: Path, target: Target, engine: DaskEngine) -> Predictions:
    from mlip_compose.predictions.calculator import predict_calculator

    with engine, progress_bars() as bars:
        watch = unit_watch(bars, f"{entry.shown} on {target.split.task}")
        return predict_calculator(entry, dataset, target, engine, watch)
