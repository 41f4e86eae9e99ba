"""``mlip-compose score``: predictions against labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlip_compose.cli.options import (
    AllowMissing,
    Json,
    PredictedDataset,
    PredictedLevel,
    PredictedTask,
)
from mlip_compose.cli.output import Table, show
from mlip_compose.cli.predict import failure_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlip_compose.evaluation.results import Metric, Score

INTERVALS = ("ID [95 %]", "OOD [95 %]", "gap [95 %]")


def score(
    predictions: Annotated[Path, typer.Argument(help="A file of predictions (HDF5).")],
    task: PredictedTask = None,
    level: PredictedLevel = None,
    dataset: PredictedDataset = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Score predictions: ID and OOD errors, gaps, and intervals over molecules."""
    from mlip_compose.core.records import SplitKey
    from mlip_compose.predictions.exchange.files import refuse_unimported
    from mlip_compose.predictions.joined import choose, read_joined
    from mlip_compose.predictions.scoring import score_predictions
    from mlip_compose.predictions.target import certify_target, target_of
    from mlip_compose.store.catalogue import open_dataset

    refuse_unimported(predictions)
    loaded = choose(read_joined(predictions), predictions, task, level)
    header = loaded.header
    store = open_dataset(dataset or header.dataset)
    key = SplitKey(task or header.task, header.level if level is None else level, header.seed)
    target = target_of(store, key, header.train_frames, allow_missing)
    radius = certify_target(store, target).coverage_radius
    result = score_predictions(loaded, store, target, radius)
    show(json, result, *_text(result))


def _text(score: Score) -> Iterator[Table | str]:
    from mlip_compose.report.sections.attribution import largest_errors
    from mlip_compose.report.sections.origins import origin_note

    yield _metrics(score)
    if level_of_theory := score.level_of_theory or score.pretrained_on:
        yield Table(
            origin_note(score.level_of_theory, score.pretrained_on, score.reference),
            ("level of theory of the model", "of the reference"),
            [(level_of_theory, score.reference)],
        )
    if score.failed_frames:
        tested = sum(molecule.frames for molecule in score.molecules)
        yield f"{score.failed_frames} of {tested} test frames failed and are in no number."
    yield from failure_tables(score.failures)
    groupings = score.attribution.forces if score.attribution else ()
    rows = [(grouping.label, text) for grouping in groupings if (text := largest_errors(grouping))]
    if rows:
        yield Table("Where the OOD force error is largest", ("by", "largest"), rows)
    if score.unseen_terms:
        yield Table(
            "Terms of the OOD molecules whose type was not in training",
            ("kind of term", "of an unseen type", "in all"),
            [(kind, unseen, total) for kind, (unseen, total) in score.unseen_terms.items()],
        )


def _metrics(score: Score) -> Table:
    title = (
        f"{score.potential} on {score.task}, level {score.level} (r* = "
        f"{score.coverage_radius}), {score.reference}, {score.dataset}, seed {score.seed}"
    )
    rows = [(metric.label, metric.unit, *intervals(metric)) for metric in score.metrics]
    return Table(title, ("metric", "unit", *INTERVALS), rows)


def intervals(metric: Metric) -> tuple[str, str, str]:
    """Return the cells of a metric in the columns ``INTERVALS``."""
    from mlip_compose.report.words import bracketed

    return bracketed(metric.id), bracketed(metric.ood), bracketed(metric.gap, as_ratio=True)
