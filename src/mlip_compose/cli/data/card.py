"""``mlip-compose data card``: what a data set is, what its frames show, which checks it passed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.data.check import watched_check
from mlip_compose.cli.output import SOME_FAILED


def write_card(
    file: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Markdown file. Default: stdout.")
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Frames to compute anew; 0 for none.")
    ] = 100,
) -> None:
    """Write the data card of a store in Markdown; it holds what `data check` finds."""
    from mlip_compose.core.files import write_text
    from mlip_compose.datasets.data_card import data_card
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store

    path = dataset_path(file)
    store = Store(path)
    checks = watched_check(path, sample)
    card = data_card(store, checks)
    if out is None:
        typer.echo(card, nl=False)
    else:
        write_text(out, card)
    if not checks.passed:
        raise typer.Exit(SOME_FAILED)
