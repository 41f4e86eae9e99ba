"""``mlip-compose data compare``: two references on the same frames."""

from __future__ import annotations

from typing import Annotated

import typer

from mlip_compose.cli.output import Json, print_json, print_table


def compare_data(
    first: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    second: Annotated[str, typer.Argument(help="The same frames with other labels.")],
    json: Json = False,
) -> None:
    """Compare the labels of two data sets on the frames that both have (see `data relabel`)."""
    from dataclasses import asdict

    from mlip_compose.datasets.compare_references import compare_references
    from mlip_compose.store.catalogue import open_store

    found = compare_references(open_store(first), open_store(second))
    if json:
        print_json(asdict(found))
        return
    columns = (
        "family",
        "molecules",
        "frames",
        "force MAE meV/A",
        "RMSE",
        "correlation",
        "ratio of norms",
        "energy MAE meV/atom",
        "force at minima meV/A",
    )
    rows: list[tuple[object, ...]] = [
        (
            family,
            row.molecules,
            row.frames,
            f"{row.force_mae:.1f}",
            f"{row.force_rmse:.1f}",
            f"{row.force_correlation:.4f}",
            f"{row.force_ratio:.3f}",
            "-" if row.energy_mae is None else f"{row.energy_mae:.2f}",
            "-" if row.minimum_force is None else f"{row.minimum_force:.0f}",
        )
        for family, row in found.families.items()
    ]
    print_table(f"{found.second} against {found.first}", columns, rows)
    if found.reactions:
        print_table(
            "Reaction energies between minima, kcal/mol",
            ("kind", "reactions", "mean difference", "RMS about it"),
            [
                (kind, row.reactions, f"{row.shift:.2f}", f"{row.spread:.2f}")
                for kind, row in found.reactions.items()
            ],
        )
