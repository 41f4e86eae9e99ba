"""``mlip-compose data``: the data sets, one command a file."""

import typer

from mlip_compose.cli.data import (
    build,
    card,
    check,
    compare,
    export,
    fetch,
    import_,
    listing,
    relabel,
)

app = typer.Typer(
    help="Data sets: list, look into, build, check, label anew and exchange them.",
    no_args_is_help=True,
)
app.command("list")(listing.list_data)
app.command("info")(listing.info)
app.command("build")(build.build_data)
app.command("check")(check.check_data)
app.command("card")(card.write_card)
app.command("relabel")(relabel.relabel_data)
app.command("compare")(compare.compare_data)
app.command("fetch")(fetch.fetch_data)
app.command("import")(import_.import_data)
app.command("export")(export.export_data)
