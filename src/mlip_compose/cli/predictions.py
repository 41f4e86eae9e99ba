"""``mlip-compose predictions``: predictions of other programs, and submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import AllowMissing, Json, print_json, print_table, stderr

SAID = "Default: what the files say."


def import_predictions(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Files (.xyz, .extxyz, .traj, .npz, .h5), or directories of them; split.json of "
            "the export may be among them."
        ),
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="Under which results show them.")],
    task: Annotated[str | None, typer.Option("--task", "-t", help=SAID)] = None,
    level: Annotated[int | None, typer.Option("--level", "-l", help=SAID)] = None,
    train_frames: Annotated[
        int | None, typer.Option("--train-frames", min=0, help=f"Of the training. {SAID}")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help=f"{SAID[:-1]}, or else 0.")
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help=SAID)] = None,
    energy_key: Annotated[
        str | None,
        typer.Option("--energy-key", help="As in MACE_energy. Default: the only one there is."),
    ] = None,
    forces_key: Annotated[
        str | None, typer.Option("--forces-key", help="As in MACE_forces. Default: likewise.")
    ] = None,
    energy_unit: Annotated[
        str | None,
        typer.Option("--energy-unit", help="Default: eV, held against the labels."),
    ] = None,
    force_unit: Annotated[
        str | None,
        typer.Option("--force-unit", help="Default: eV/Angstrom, held against the labels."),
    ] = None,
    level_of_theory: Annotated[
        str,
        typer.Option(
            "--level-of-theory",
            help="Of the labels of a model that was trained on none of this data.",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: <task>_L<level>....h5.")
    ] = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Import predictions of an exported task; each is matched with its frame, and checked."""
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
        level_of_theory=level_of_theory,
        allow_missing=allow_missing,
    )
    imported = import_predictions(sources, row)
    header = imported.predictions.header
    path = out or Path(f"{header.key.file_name(name)}.h5")
    write_predictions(path, imported.predictions)
    frames = imported.predictions.frames.values()
    document: dict[str, Any] = {
        "predictions": str(path),
        "dataset": header.dataset,
        "task": header.task,
        "level": header.level,
        "seed": header.seed,
        "train_frames": header.train_frames,
        "molecules": len(imported.predictions.molecules),
        "frames": sum(len(each.indices) for each in frames),
        "parts": list(imported.parts),
        "failed_frames": imported.failed,
        "left": [{"what": str(what), "reason": reason} for what, reason in imported.skipped],
    }
    if json:
        print_json(document)
        return
    left = document.pop("left")
    rows: list[tuple[object, ...]] = [
        *((key, ", ".join(v) if isinstance(v, list) else v) for key, v in document.items()),
        *((f"left: {each['what']}", each["reason"]) for each in left),
    ]
    print_table(f"Imported {name}", ("", "value"), rows)


def join(
    files: Annotated[
        list[Path], typer.Argument(help="Predictions of one potential, each on other splits.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder of the submission; what its card says is kept."),
    ],
    json: Json = False,
) -> None:
    """Join predictions on several splits in one file, with a card to fill in: a submission."""
    from mlip_compose.predictions.exchange.files import refuse_unimported
    from mlip_compose.predictions.exchange.submission import CARD, TO_DO, write_submission
    from mlip_compose.predictions.joined import read_joined

    for path in files:
        refuse_unimported(path)
    parts = [part for path in files for part in read_joined(path).values()]
    card = write_submission(out, parts)
    splits = sorted(predictions.header.key.words for predictions in parts)
    if json:
        document = {"card": str(out / CARD), "predictions": str(out / card.predictions)}
        print_json(document | {"sha256": card.sha256, "splits": splits})
        return
    size = (out / card.predictions).stat().st_size / 1e6
    message = f"{out / card.predictions}: {len(splits)} splits of {card.name}, {size:.1f} MB"
    if card.training == TO_DO:
        message += f". Write into {out / CARD} what stands there as {TO_DO}"
    stderr().print(message, markup=False, soft_wrap=True)


def check(
    submissions: Annotated[
        list[Path],
        typer.Argument(
            help="Submissions: cards, folders with one, or folders of such; or predictions alone."
        ),
    ],
    study: Annotated[
        str,
        typer.Option(
            "--study",
            "-s",
            help="That takes them: a built-in study, or the path of a study file.",
        ),
    ] = "leaderboard-v1",
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            "-r",
            help="Results of the study: what they have of a submission is scored again.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check cards, frames and splits of submissions, and score them: what a leaderboard asks."""
    from mlip_compose.predictions.exchange.submission import submissions_in
    from mlip_compose.report.words import bracketed
    from mlip_compose.studies.check_submission import check_submission
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.study import load_study

    taken = load_study(study)
    directory = None if results is None else ResultsDirectory(results)
    document: list[dict[str, Any]] = []
    for path in submissions_in(submissions):
        rows: list[tuple[object, ...]] = []
        for split in check_submission(path, taken, directory):
            score, metric = split.score, split.score.metric("forces_mae")
            intervals = {"id": metric.id, "ood": metric.ood, "gap": metric.gap}
            document.append(
                {
                    "submission": str(path),
                    "potential": score.potential,
                    "task": score.task,
                    "level": score.level,
                    "seed": score.seed,
                    "failed_frames": score.failed_frames,
                    "published": split.published,
                    "forces_mae": {
                        key: None if value is None else value.model_dump(mode="json")
                        for key, value in intervals.items()
                    },
                }
            )
            cells = (bracketed(value, as_ratio=key == "gap") for key, value in intervals.items())
            shown = "as published" if split.published else "new"
            rows.append((score.task, score.level, score.seed, *cells, shown))
        if not json:
            title = f"{score.potential}: {taken.name} can take it; force MAE, {metric.unit}"
            columns = ("task", "level", "seed", "ID [95 %]", "OOD [95 %]", "gap [95 %]", "scores")
            print_table(title, columns, rows)
    if json:
        print_json(document)


app = typer.Typer(
    help="Predictions of models that were trained elsewhere, and what a leaderboard takes of them.",
    no_args_is_help=True,
)
app.command("import")(import_predictions)
app.command("join")(join)
app.command("check")(check)
