"""``mlip-compose score``: predictions against labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import AllowMissing, Json, print_json, print_table, stdout
from mlip_compose.cli.predict import print_failures


def score(
    predictions: Annotated[Path, typer.Argument(help="A file of predictions (HDF5).")],
    task: Annotated[
        str | None, typer.Option("--task", "-t", help="Default: the one the file names.")
    ] = None,
    level: Annotated[
        int | None, typer.Option("--level", "-l", help="Default: the one the file names.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", help="Default: the one the file names.")
    ] = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Score predictions: ID and OOD errors, gaps, and intervals over molecules."""
    from mlip_compose.core.records import SplitKey
    from mlip_compose.predictions.exchange.files import refuse_unimported
    from mlip_compose.predictions.joined import choose, read_joined
    from mlip_compose.predictions.scoring import score_predictions
    from mlip_compose.predictions.target import certify_target, target_of
    from mlip_compose.report.sections.attribution import largest_errors
    from mlip_compose.report.sections.origins import origin_note
    from mlip_compose.report.words import bracketed
    from mlip_compose.store.catalogue import open_dataset

    refuse_unimported(predictions)
    loaded = choose(read_joined(predictions), predictions, task, level)
    header = loaded.header
    store = open_dataset(dataset or header.dataset)
    key = SplitKey(task or header.task, header.level if level is None else level, header.seed)
    target = target_of(store, key, header.train_frames, allow_missing)
    radius = certify_target(store, target).coverage_radius
    result = score_predictions(loaded, store, target, radius)
    if json:
        print_json(result.model_dump(mode="json"))
        return
    rows: list[tuple[object, ...]] = []
    for metric in result.metrics:
        cells = (
            bracketed(metric.id),
            bracketed(metric.ood),
            bracketed(metric.gap, as_ratio=True),
        )
        rows.append((metric.label, metric.unit, *cells))
    title = (
        f"{result.potential} on {result.task}, level {result.level} (r* = "
        f"{result.coverage_radius}), {result.reference}, {result.dataset}, seed {result.seed}"
    )
    print_table(title, ("metric", "unit", "ID [95 %]", "OOD [95 %]", "gap [95 %]"), rows)
    if result.level_of_theory or result.pretrained_on:
        note = origin_note(result.level_of_theory, result.pretrained_on, result.reference)
        levels: tuple[object, ...] = (
            result.level_of_theory or result.pretrained_on,
            result.reference,
        )
        print_table(note, ("level of theory of the model", "of the reference"), [levels])
    tested = sum(molecule.frames for molecule in result.molecules)
    if result.failed_frames:
        said = f"{result.failed_frames} of {tested} test frames failed and are in no number."
        stdout().print(said, markup=False)
    print_failures(result.failures)
    groupings = result.attribution.forces if result.attribution else ()
    worst: list[tuple[object, ...]] = [
        (grouping.label, largest) for grouping in groupings if (largest := largest_errors(grouping))
    ]
    if worst:
        print_table("Where the OOD force error is largest", ("by", "largest"), worst)
    if result.unseen_terms:
        counts: list[tuple[object, ...]] = [
            (kind, unseen, total) for kind, (unseen, total) in result.unseen_terms.items()
        ]
        columns = ("kind of term", "of an unseen type", "in all")
        print_table("Terms of the OOD molecules whose type was not in training", columns, counts)
