"""``mlip-compose molecules``: the series X-(CH2)n-Y, and any molecule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import Json
from mlip_compose.cli.output import Table, facts, show

if TYPE_CHECKING:
    from mlip_compose.core.records import Molecule

app = typer.Typer(
    help="Molecules and their names: the series X-(CH2)n-Y, and any other.", no_args_is_help=True
)


@app.command("list")
def list_molecules(json: Json = False) -> None:
    """List the full set of molecules that the tasks are defined on."""
    from mlip_compose.molecules.assembly import full

    documents = [_document(molecule) for molecule in full()]
    columns = ("molecule", "name", "formula", "smiles", "inchikey")
    rows = [tuple(document[column] for column in columns) for document in documents]
    show(json, documents, Table(f"{len(rows)} molecules", columns, rows))


@app.command("show")
def show_molecule(
    molecule: Annotated[
        str, typer.Argument(help="A name (OH-4-H, butan-1-ol), a SMILES (CCCCO) or an InChI.")
    ],
    json: Json = False,
) -> None:
    """Show a molecule by its name, or recognise one from SMILES or InChI."""
    from mlip_compose.molecules.assembly import find_molecule

    document = _document(find_molecule(molecule))
    show(json, document, facts(document["molecule"], document.items()))


def _document(molecule: Molecule) -> dict[str, Any]:
    from ase.formula import Formula

    from mlip_compose.molecules.naming import readable_name

    parts = molecule.parts
    return {
        "molecule": molecule.name,
        "name": readable_name(parts) if parts else molecule.name,
        "left": parts.left if parts else None,
        "chain": parts.chain if parts else None,
        "right": parts.right if parts else None,
        "formula": str(Formula.from_list(molecule.symbols).format("hill")),
        "smiles": molecule.smiles,
        "inchikey": molecule.inchikey,
        "atoms": molecule.n_atoms,
    }
