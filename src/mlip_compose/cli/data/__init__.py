"""``mlip-compose data``: the data sets."""

import typer

from mlip_compose.cli.data import exchange, inspection, labelling

app = typer.Typer(
    help="Data sets: list, inspect, build, check, label anew, import and export them.",
    no_args_is_help=True,
)
app.command("list")(inspection.list_data)
app.command("info")(inspection.info)
app.command("build")(labelling.build_data)
app.command("check")(inspection.check_data)
app.command("card")(inspection.write_card)
app.command("relabel")(labelling.relabel_data)
app.command("compare")(inspection.compare_data)
app.command("fetch")(exchange.fetch_data)
app.command("import")(exchange.import_data)
app.command("export")(exchange.export_data)
