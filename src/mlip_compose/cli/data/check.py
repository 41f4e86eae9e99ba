"""``mlip-compose data check``: prove a store, one line a check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlip_compose.cli.output import (
    SOME_FAILED,
    Json,
    print_json,
    print_table,
    progress_bars,
    stderr,
)

if TYPE_CHECKING:
    from mlip_compose.datasets.checking.check import CheckReport


def check_data(
    file: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Frames to compute anew; 0 for none.")
    ] = 24,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draw of that sample.")] = 0,
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="To compute them with. Default: the one FILE names."),
    ] = None,
    json: Json = False,
) -> None:
    """Prove a store: content, units, labels, molecules, and a sample computed anew."""
    from mlip_compose.store.catalogue import dataset_path

    report = watched_check(dataset_path(file), sample, seed, reference)
    if json:
        print_json(
            {
                "path": str(report.path),
                "dataset": report.dataset,
                "sha256": report.sha256,
                "passed": report.passed,
                "checks": [asdict(check) for check in report.checks],
            }
        )
    else:
        rows: list[tuple[object, ...]] = [
            (check.name, check.verdict, check.found) for check in report.checks
        ]
        print_table(f"Checks of {report.path}", ("check", "", "found"), rows)
    if not report.passed:
        failed = [check.name for check in report.checks if check.passed is False]
        stderr().print(f"failed: {', '.join(failed)}", markup=False)
        raise typer.Exit(SOME_FAILED)


def watched_check(
    path: Path, sample: int, seed: int = 0, reference: str | None = None
) -> CheckReport:
    """Check a store with a progress bar (see ``check_store``)."""
    from mlip_compose.datasets.checking.check import check_store

    with progress_bars() as bars:
        bar = bars.add_task("check", total=1.0)

        def watch(what: str, done: float) -> None:
            bars.update(bar, completed=done, description=f"check {what}")

        report = check_store(path, sample=sample, seed=seed, reference=reference, watch=watch)
        bars.update(bar, completed=1.0, description="check")
    return report
