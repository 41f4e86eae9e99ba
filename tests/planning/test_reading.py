"""Molecules come from data sets, files and the command line; faults are named with the line."""

import ase.io
import pytest
from ase.build import molecule as built

from mlip_compose.core.errors import RequestError
from mlip_compose.molecules.perception import MOST_ATOMS, molecule_of_geometry, molecule_of_smiles
from mlip_compose.planning import reading
from mlip_compose.planning.reading import read_molecules, read_targets

REFUSED = {
    "not a molecule": "a blank",
    "molecule": "no SMILES",
    "C(C)(C)(C)(C)C": "valence",
    "[Na+].[Cl-]": "2 fragments",
    "C[CH2]": "a radical",
    "[2H]C": "an isotope",
    "N[Pt](N)(Cl)Cl": "none of H, B, C",
    "*C": "none of H, B, C",
    "C" * 900: "found 2702",
    "C" * 1_000_000: "found 1000000",
    "": "no atoms",
}


@pytest.mark.parametrize("smiles", REFUSED, ids=lambda text: text[:20] or "nothing")
def test_what_is_no_closed_shell_molecule_is_refused(smiles):
    with pytest.raises(RequestError, match=REFUSED[smiles]):
        molecule_of_smiles(smiles)


def test_a_molecule_of_the_largest_size_is_taken():
    assert molecule_of_smiles("C" * ((MOST_ATOMS - 2) // 3)).n_atoms <= MOST_ATOMS


def test_a_list_of_smiles(tmp_path):
    file = tmp_path / "mine.smi"
    file.write_text("\ufeff# drugs\nCCO ethanol and more\n\nc1ccccc1\n")
    ethanol, benzene = read_molecules([str(file)])
    assert ethanol.name == "ethanol and more"
    assert benzene.name == benzene.smiles == "c1ccccc1"


def test_a_table_of_smiles(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("ID,Smiles\n7,CCO\n8,CCBr\n")
    assert [molecule.name for molecule in read_molecules([str(file)])] == ["7", "8"]


def test_structures(tmp_path):
    from rdkit import Chem

    file = tmp_path / "mine.sdf"
    with Chem.SDWriter(str(file)) as writer:
        for name, smiles in (("one", "CCO"), ("two", "C[N+](C)(C)C")):
            entry = Chem.AddHs(Chem.MolFromSmiles(smiles))
            entry.SetProp("_Name", name)
            writer.write(entry)
    one, two = read_molecules([str(file)])
    assert (one.name, one.smiles) == ("one", "CCO")
    assert (two.name, two.charge) == ("two", 1)


def test_geometries_of_one_molecule_are_one_molecule(tmp_path):
    file = tmp_path / "mine.xyz"
    benzene, water = built("C6H6"), built("H2O")
    moved = benzene.copy()
    moved.rattle(0.01, seed=1)
    ase.io.write(file, [benzene, moved, water], format="extxyz")
    assert [molecule.smiles for molecule in read_molecules([str(file)])] == ["c1ccccc1", "O"]


def test_a_charge_of_a_frame_counts(tmp_path):
    atoms = built("CH3CH2OH")
    hydrogen = next(
        a.index
        for a in atoms
        if a.symbol == "H"
        and min(b.index for b in atoms if b.symbol == "O")
        in [n.index for n in atoms if atoms.get_distance(a.index, n.index) < 1.1]
    )
    del atoms[hydrogen]
    assert molecule_of_geometry(atoms.numbers, atoms.positions, -1).charge == -1
    with pytest.raises(RequestError):
        molecule_of_geometry(atoms.numbers, atoms.positions, 0)


def test_a_data_set_and_a_smiles():
    molecules = read_molecules(["mini-v1", "CCO", "CCBr"])
    assert len({molecule.smiles for molecule in molecules}) == len(molecules)
    assert molecules[-1].smiles == "CCBr"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.smi", "CCO\nC[CH2]\n", "entry 2"),
        ("a.smi", "", "none"),
        ("a.smi", "# nothing\n", "none"),
        ("a.csv", "name\nCCO\n", "column 'smiles'"),
        ("a.csv", f"smiles,name\nCCO,{'x' * 200_000}\n", "field larger than"),
        ("a.xyz", "30000\n\n" + "C 0 0 0\n" * 30_000, "30000 atoms in frame 1"),
        ("a.sdf", "no structure\n$$$$\n", "entry 1"),
        ("a.xyz", "3\n\nC 0 0 0\n", "geometries"),
        ("a.pdb", "ATOM\n", "another type"),
    ],
    ids=lambda text: text[:25],
)
def test_a_file_that_is_wrong_is_named(tmp_path, name, text, found):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(RequestError) as raised:
        read_molecules([str(file)])
    assert found in str(raised.value)
    assert name in str(raised.value)


def test_a_file_that_is_too_large_or_that_rdkit_cannot_open_is_named(tmp_path, monkeypatch):
    file = tmp_path / "a.sdf"
    file.write_text("no structure\n$$$$\n")

    def refuse(path):
        raise OSError(f"Bad input file {path}")

    monkeypatch.setattr("rdkit.Chem.SDMolSupplier", refuse)
    with pytest.raises(RequestError, match=r"structures in .*a\.sdf; found Bad input file"):
        read_molecules([str(file)])
    monkeypatch.setattr(reading, "LARGEST", 4)
    with pytest.raises(RequestError, match=r"a file of at most 0 MB; found .*a\.sdf"):
        read_molecules([str(file)])


def test_no_file_is_said():
    with pytest.raises(RequestError, match=r"no mine\.smi"):
        read_molecules(["mine.smi"])


def test_targets_come_once():
    with pytest.raises(RequestError, match="CCO twice"):
        read_targets(["CCO", "OCC"])
    with pytest.raises(RequestError, match="at least one"):
        read_targets([])
