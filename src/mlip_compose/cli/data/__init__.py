"""``mlip-compose data``: the data sets."""

import typer

from mlip_compose.cli.data import look, make, take_in

app = typer.Typer(
    help="Data sets: list, look into, build, check, label anew and exchange them.",
    no_args_is_help=True,
)
app.command("list")(look.list_data)
app.command("info")(look.info)
app.command("build")(make.build_data)
app.command("check")(look.check_data)
app.command("card")(look.write_card)
app.command("relabel")(make.relabel_data)
app.command("compare")(look.compare_data)
app.command("fetch")(take_in.fetch_data)
app.command("import")(take_in.import_data)
app.command("export")(look.export_data)
