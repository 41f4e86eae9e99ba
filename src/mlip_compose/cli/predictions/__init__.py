"""``mlip-compose predictions``: predictions of models that were trained elsewhere."""

from __future__ import annotations

import typer

from mlip_compose.cli.predictions.check import check
from mlip_compose.cli.predictions.import_ import import_predictions
from mlip_compose.cli.predictions.join import join

app = typer.Typer(
    help="Predictions of models that were trained elsewhere, and what a leaderboard takes of them.",
    no_args_is_help=True,
)
app.command("import")(import_predictions)
app.command("join")(join)
app.command("check")(check)
