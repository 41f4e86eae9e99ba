"""``mlip-compose predictions``: predictions of other programs, and submissions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import (
    OF_PREDICTIONS,
    AllowMissing,
    EnergiesAre,
    ForcesAre,
    Json,
    PredictedDataset,
    PredictedLevel,
    PredictedTask,
)
from mlip_compose.cli.output import Table, facts, note, show
from mlip_compose.cli.score import INTERVALS, intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlip_compose.predictions.exchange.importing import ImportedPredictions
    from mlip_compose.studies.check_submission import CheckedSplit


def import_predictions(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Files (.xyz, .extxyz, .traj, .npz, .h5), or directories of them; split.json of "
            "the export may be among them."
        ),
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the model in results.")],
    task: PredictedTask = None,
    level: PredictedLevel = None,
    train_frames: Annotated[
        int | None,
        typer.Option("--train-frames", min=0, help=f"Number of training frames. {OF_PREDICTIONS}"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help=f"Seed of the training. {OF_PREDICTIONS[:-1]}, or 0."),
    ] = None,
    dataset: PredictedDataset = None,
    energy_key: Annotated[
        str | None,
        typer.Option(
            "--energy-key",
            help="Name of the energies, such as MACE_energy. Default: the only one there is.",
        ),
    ] = None,
    forces_key: Annotated[
        str | None,
        typer.Option(
            "--forces-key",
            help="Name of the forces, such as MACE_forces. Default: the only one there is.",
        ),
    ] = None,
    energy_unit: Annotated[
        str | None,
        typer.Option(
            "--energy-unit", help="Unit of energies. Default: eV, held against the labels."
        ),
    ] = None,
    force_unit: Annotated[
        str | None,
        typer.Option(
            "--force-unit", help="Unit of forces. Default: eV/Angstrom, held against the labels."
        ),
    ] = None,
    energies_are: EnergiesAre = None,
    forces_are: ForcesAre = None,
    level_of_theory: Annotated[
        str,
        typer.Option(
            "--level-of-theory",
            help="Level of theory of a model that was trained on none of this data, such as "
            "wB97X/6-31G(d).",
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="HDF5 file. Default: a name such as length_L2_mine_s0.h5."
        ),
    ] = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Import predictions of a task (see `data export`).

    Each predicted frame is matched with its frame of the data set, and checked.
    """
    from mlip_compose.predictions.exchange.importing import PredictionImport, import_predictions
    from mlip_compose.predictions.file import write_predictions

    row = PredictionImport(
        name=name,
        task=task,
        level=level,
        seed=seed,
        train_frames=train_frames,
        dataset=dataset,
        energy_key=energy_key,
        forces_key=forces_key,
        energy_unit=energy_unit,
        force_unit=force_unit,
        energies_are=energies_are,
        forces_are=forces_are,
        level_of_theory=level_of_theory,
        allow_missing=allow_missing,
    )
    imported = import_predictions(sources, row)
    path = out or Path(f"{imported.predictions.header.key.file_name(name)}.h5")
    write_predictions(path, imported.predictions)
    document = _imported(path, imported)
    single = document | {"parts": ", ".join(imported.parts)}
    rows = [
        *((key, value) for key, value in single.items() if key != "left"),
        *((f"left: {item['what']}", item["reason"]) for item in document["left"]),
    ]
    show(json, document, facts(f"Imported {name}", rows))


def _imported(path: Path, imported: ImportedPredictions) -> dict[str, Any]:
    predictions, header = imported.predictions, imported.predictions.header
    return {
        "predictions": str(path),
        "dataset": header.dataset,
        "task": header.task,
        "level": header.level,
        "seed": header.seed,
        "train_frames": header.train_frames,
        "molecules": len(predictions.molecules),
        "frames": sum(len(frames.indices) for frames in predictions.frames.values()),
        "parts": list(imported.parts),
        "failed_frames": imported.failed,
        "moved_frames": imported.moved,
        "left": [{"what": str(item), "reason": reason} for item, reason in imported.skipped],
    }


def join(
    files: Annotated[
        list[Path], typer.Argument(help="Predictions of one potential, each on other splits.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Folder of the submission; a card that is in it keeps its texts."
        ),
    ],
    json: Json = False,
) -> None:
    """Join predictions on several splits to a submission: one file, and a card to fill in."""
    from mlip_compose.predictions.exchange.files import refuse_unimported
    from mlip_compose.predictions.exchange.submission import CARD, TO_DO, write_submission
    from mlip_compose.predictions.joined import read_joined

    for path in files:
        refuse_unimported(path)
    parts = [part for path in files for part in read_joined(path).values()]
    card = write_submission(out, parts)
    path = out / card.predictions
    document = {
        "card": str(out / CARD),
        "predictions": str(path),
        "sha256": card.sha256,
        "splits": sorted(predictions.header.key.words for predictions in parts),
    }
    show(json, document)
    note(f"{path}: {len(parts)} splits of {card.name}, {path.stat().st_size / 1e6:.1f} MB")
    if card.training == TO_DO:
        note(f"Fill in {out / CARD}: {TO_DO} stands where a text is missing.")


def check(
    submissions: Annotated[
        list[Path],
        typer.Argument(
            help="Cards of submissions, or folders with them; or files of predictions alone."
        ),
    ],
    study: Annotated[
        str,
        typer.Option(
            "--study", "-s", help="Study of the leaderboard: a built-in one, or a study file."
        ),
    ] = "leaderboard-v1",
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            "-r",
            help="Results of the study; the scores of a submission in them must be those made now.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check submissions as a leaderboard does: cards, frames, splits and scores."""
    from mlip_compose.predictions.exchange.submission import submissions_in
    from mlip_compose.studies.check_submission import check_submission
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.study import load_study

    board = load_study(study)
    directory = None if results is None else ResultsDirectory(results)
    checked = [
        (path, list(check_submission(path, board, directory)))
        for path in submissions_in(submissions)
    ]
    document = [_checked(path, split) for path, splits in checked for split in splits]
    show(json, document, *(_check_table(board.name, splits) for _, splits in checked))


def _checked(submission: Path, split: CheckedSplit) -> dict[str, Any]:
    score, metric = split.score, split.score.metric("forces_mae")
    intervals = {"id": metric.id, "ood": metric.ood, "gap": metric.gap}
    return {
        "submission": str(submission),
        "potential": score.potential,
        "task": score.task,
        "level": score.level,
        "seed": score.seed,
        "failed_frames": score.failed_frames,
        "published": split.published,
        "forces_mae": {
            part: None if interval is None else interval.model_dump(mode="json")
            for part, interval in intervals.items()
        },
    }


def _check_table(study: str, splits: Sequence[CheckedSplit]) -> Table:
    metrics = [split.score.metric("forces_mae") for split in splits]
    rows = [
        (
            *(split.score.task, split.score.level, split.score.seed),
            *intervals(metric),
            "as published" if split.published else "new",
        )
        for split, metric in zip(splits, metrics, strict=True)
    ]
    potential = splits[0].score.potential
    title = f"{potential}: {study} can take it; force MAE, {metrics[0].unit}"
    return Table(title, ("task", "level", "seed", *INTERVALS, "scores"), rows)


app = typer.Typer(
    help="Predictions of models that were trained elsewhere, and submissions to a leaderboard.",
    no_args_is_help=True,
)
app.command("import")(import_predictions)
app.command("join")(join)
app.command("check")(check)
