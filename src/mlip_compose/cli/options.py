"""Options that reading data of others has in several commands."""

from __future__ import annotations

from typing import Annotated

import typer

EnergyUnit = Annotated[
    str | None,
    typer.Option("--energy-unit", help="Unit of energies, as in kcal/mol. Default: found out."),
]
ForceUnit = Annotated[
    str | None,
    typer.Option("--force-unit", help="Unit of forces, as in Hartree/Bohr. Default: found out."),
]
LengthUnit = Annotated[
    str | None, typer.Option("--length-unit", help="Unit of positions. Default: found out.")
]
SplitOff = Annotated[
    int,
    typer.Option(
        "--split",
        min=0,
        help="Where nothing says the trajectory: so many last frames of each molecule become "
        "the secondary one.",
    ),
]
