"""``mlip-compose predictions check``: whether a leaderboard can take submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table


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
