"""Draw docs/images/coverage.svg: environments of one atom, and where training has shown them.

    python tools/draw_coverage.py

Left: a molecule that `length` tests on at level 2, with the surroundings of one carbon out to 1, 2
and 3 bonds. Right: the smallest training molecule in which the same surroundings occur.
"""

from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.naming import readable_name
from mlip_compose.molecules.series import parse_name
from mlip_compose.tasks.environments import atoms_within, environment_labels, neighbours_of
from mlip_compose.tasks.rules import get_task

OUT = Path(__file__).resolve().parent.parent / "docs" / "images" / "coverage.svg"
TESTED, CHAIN_ATOM, RADII = "OH-7-H", 4, (1, 2, 3)
WIDTH, HEIGHT = 400, 190
SHOWN, ROOT = (0.62, 0.79, 0.88), (0.99, 0.72, 0.42)

NOTE = (
    "<text x='{x:.0f}' y='{y:.0f}' text-anchor='middle' font-family='sans-serif' font-size='17'>"
    "in no training molecule: this atom is novel</text>\n"
)


def seen_in_training(label: str, radius: int) -> tuple[Molecule, int] | None:
    """Return the smallest training molecule that has an environment, and the atom it is around."""
    split = get_task("length").split(full(), 2)
    for molecule in sorted((assemble(parse_name(n)) for n in split.train), key=lambda m: m.n_atoms):
        labels = environment_labels(molecule, radius)
        if label in labels:
            return molecule, labels.index(label)
    return None


def chain_carbon(molecule: Molecule, place: int) -> int:
    """Return the atom that is the chain's carbon number ``place``, counted from the hydroxyl."""
    neighbours = neighbours_of(molecule)
    atom = next(a for a, number in enumerate(molecule.numbers) if number == 8)
    before = {atom}
    for _ in range(place):
        atom = next(b for b, _ in neighbours[atom] if molecule.numbers[b] == 6 and b not in before)
        before.add(atom)
    return atom


def as_rdkit(molecule: Molecule) -> Chem.Mol:
    """Return the molecule with all hydrogens and in the record's order of atoms, laid out flat."""
    editable = Chem.RWMol()
    for number in molecule.numbers.tolist():
        editable.AddAtom(Chem.Atom(number))
    orders = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    for (a, b), order in zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True):
        editable.AddBond(a, b, orders[order])
    made = editable.GetMol()
    Chem.SanitizeMol(made)
    rdDepictor.Compute2DCoords(made)
    rdDepictor.StraightenDepiction(made)
    return made


def _within(bond: Chem.Bond, atoms: set[int]) -> bool:
    return bond.GetBeginAtomIdx() in atoms and bond.GetEndAtomIdx() in atoms


def main() -> None:
    """Draw."""
    tested = assemble(parse_name(TESTED))
    root = chain_carbon(tested, CHAIN_ATOM)
    drawn, legends, atoms, colours, bonds = [], [], [], [], []
    for radius in RADII:
        label = environment_labels(tested, radius)[root]
        found = seen_in_training(label, radius)
        columns = [(tested, root, f"{readable_name(tested.parts)}: out to r = {radius}")]
        if found is not None:
            columns.append((*found, f"in training: {readable_name(found[0].parts)}"))
        for molecule, centre, legend in columns:
            around = atoms_within(neighbours_of(molecule), centre, radius)
            drawn.append(as_rdkit(molecule))
            atoms.append(sorted(around))
            bonds.append({b.GetIdx(): SHOWN for b in drawn[-1].GetBonds() if _within(b, around)})
            colours.append({a: ROOT if a == centre else SHOWN for a in around})
            legends.append(legend)
        if found is None:
            drawn.append(Chem.Mol())
            atoms.append([])
            bonds.append({})
            colours.append({})
            legends.append("")
    canvas = rdMolDraw2D.MolDraw2DSVG(2 * WIDTH, len(RADII) * HEIGHT, WIDTH, HEIGHT)
    options = canvas.drawOptions()
    options.useBWAtomPalette()
    options.legendFontSize = 17  # type: ignore[assignment]
    options.highlightBondWidthMultiplier = 12  # type: ignore[assignment]
    options.drawMolsSameScale = True  # type: ignore[assignment]
    canvas.DrawMolecules(
        drawn,
        legends=legends,
        highlightAtoms=atoms,
        highlightAtomColors=colours,
        highlightBonds=[list(each) for each in bonds],
        highlightBondColors=bonds,
    )
    canvas.FinishDrawing()
    note = NOTE.format(x=1.5 * WIDTH, y=(len(RADII) - 0.4) * HEIGHT)
    OUT.write_text(canvas.GetDrawingText().replace("</svg>", f"{note}</svg>"), "utf-8")


if __name__ == "__main__":
    main()
