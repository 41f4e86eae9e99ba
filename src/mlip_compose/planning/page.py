"""A page of coverage: each target drawn, its atoms coloured by how far training has shown them.

One self-contained file: no script, style or picture of it is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.files import write_text
from mlip_compose.core.packing import script_hash
from mlip_compose.core.records import Molecule
from mlip_compose.planning.coverage import REPORTED, TargetCoverage

BOND: Final = 30.0
"""Length of a bond in drawings, pixels."""

SPOT: Final = 26.0
"""Diameter of the spot of an atom in a drawing of full size, pixels."""

WORDS: Final = (
    "not even its element and charge",
    "its element and charge alone",
    *(f"{r} bond{'s' if r > 1 else ''} out" for r in range(1, REPORTED)),
    f"{REPORTED} bonds out or more",
)
"""What a seen radius of -1 to 4 says."""


def write_page(coverages: Sequence[TargetCoverage], training: str, path: Path) -> None:
    """Write the page of the coverage of some targets.

    Parameters
    ----------
    coverages
        One for each target.
    training
        What the targets were held against, such as ``core-v1``.
    path
        File to write; replaced where it exists.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("mlip_compose.planning") / "templates"
    script = (folder / "coverage.js").read_text("utf-8")
    environment = Environment(
        loader=PackageLoader("mlip_compose.planning"), autoescape=True, undefined=StrictUndefined
    )
    write_text(
        path,
        environment.get_template("coverage.html.j2").render(
            targets=[_target(coverage) for coverage in coverages],
            training=training,
            words=WORDS,
            reported=REPORTED,
            script=script,
            script_hash=script_hash(script),
            complete=sum(coverage.radius >= REPORTED for coverage in coverages),
        ),
    )


def _target(coverage: TargetCoverage) -> dict[str, Any]:
    """Return what the template shows of one target."""
    return {
        "name": coverage.molecule.name,
        "smiles": coverage.molecule.smiles,
        "atoms": coverage.molecule.n_atoms,
        "radius": coverage.radius,
        "fractions": coverage.fractions,
        "drawing": _drawing(coverage),
        "unseen": [
            {"radius": e.radius, "smiles": e.smiles, "count": len(e.atoms)}
            for e in coverage.unseen
            if e.radius == coverage.radius + 1
        ],
    }


def _drawing(coverage: TargetCoverage) -> dict[str, Any]:
    """Draw a target; an atom stands for itself and the hydrogens on it, the least seen of them.

    Places and the size of spots are percent of the drawing: it is smaller on a narrow screen.
    """
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    sketch = Chem.MolFromSmiles(coverage.molecule.smiles)
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    options: Any = drawer.drawOptions()
    options.scalingFactor = BOND / 1.5
    options.fixedBondLength = BOND
    options.padding = 0.08
    options.useBWAtomPalette()
    options.clearBackground = False
    drawer.DrawMolecule(sketch)
    drawer.FinishDrawing()
    svg = drawer.GetDrawingText()
    width, height = drawer.Width(), drawer.Height()
    spots = []
    for heavy, hydrogens in _groups(coverage.molecule).items():
        atom = min((heavy, *hydrogens), key=lambda a: coverage.seen.radii[a])
        point = drawer.GetDrawCoords(heavy)
        spots.append(
            {
                "x": round(100 * point.x / width, 2),
                "y": round(100 * point.y / height, 2),
                "radius": min(int(coverage.seen.radii[atom]), REPORTED),
                "text": _hover_text(coverage, heavy, hydrogens, atom),
            }
        )
    return {
        "svg": svg[svg.index("<svg") :],
        "width": width,
        "height": height,
        "spot": round(100 * SPOT / width, 2),
        "spots": spots,
    }


def _groups(molecule: Molecule) -> dict[int, list[int]]:
    """Return the heavy atoms with the hydrogens on each; of H2 both atoms."""
    heavy = [a for a, number in enumerate(molecule.numbers.tolist()) if number > 1]
    groups: dict[int, list[int]] = {a: [] for a in heavy or range(molecule.n_atoms)}
    for i, j in molecule.bonds.tolist():
        for atom, other in ((i, j), (j, i)):
            if atom in groups and molecule.numbers[other] == 1:
                groups[atom].append(other)
    return groups


def _hover_text(coverage: TargetCoverage, heavy: int, hydrogens: Sequence[int], atom: int) -> str:
    from ase.data import chemical_symbols

    symbol = chemical_symbols[int(coverage.molecule.numbers[heavy])]
    hydrogen = "H" + (str(len(hydrogens)) if len(hydrogens) > 1 else "") if hydrogens else ""
    radius, where = int(coverage.seen.radii[atom]), coverage.seen.where[atom]
    words = WORDS[min(radius, REPORTED) + 1]
    of_hydrogen = " (its hydrogen)" if atom != heavy else ""
    return f"{symbol}{hydrogen}: {words}{of_hydrogen}{f', as in {where}' if where else ''}"
