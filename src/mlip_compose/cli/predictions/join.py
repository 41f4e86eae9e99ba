"""``mlip-compose predictions join``: predictions of several splits as one submission."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import Json, print_json, stderr


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
    from mlip_compose.predictions.exchange.files import refuse_foreign
    from mlip_compose.predictions.exchange.submission import CARD, TO_DO, write_submission
    from mlip_compose.predictions.joined import read_joined

    for path in files:
        refuse_foreign(path)
    parts = [part for path in files for part in read_joined(path).values()]
    card = write_submission(out, parts)
    splits = sorted(
        f"{header.task}, level {header.level}, seed {header.seed}"
        for header in (predictions.header for predictions, _ in parts)
    )
    if json:
        document = {"card": str(out / CARD), "predictions": str(out / card.predictions)}
        print_json(document | {"sha256": card.sha256, "splits": splits})
        return
    size = (out / card.predictions).stat().st_size / 1e6
    message = f"{out / card.predictions}: {len(splits)} splits of {card.name}, {size:.1f} MB"
    if card.training == TO_DO:
        message += f". Write into {out / CARD} what stands there as {TO_DO}"
    stderr().print(message, markup=False, soft_wrap=True)
