import re

import numpy as np
import pytest

from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.figures.drawings import draw_fragment, draw_molecule, formula_of
from mlip_compose.tasks.environments import atoms_within, rooted_smiles


def graph(name):
    molecule = assemble(parse_name(name))
    bonds = zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True)
    return molecule, molecule.numbers.tolist(), [(a, b, order) for (a, b), order in bonds]


@pytest.mark.parametrize("name", ["H-2-H", "OH-12-H", "COOH-1-CN", "CONH2-3-CHO", "Cl-2-SH"])
def test_heavy_atoms_are_drawn_and_known_by_their_index(name):
    molecule, numbers, bonds = graph(name)
    drawing = draw_molecule(numbers, bonds)
    assert [at for at, _, _ in drawing.atoms] == np.flatnonzero(molecule.numbers > 1).tolist()
    places = np.array([(x, y) for _, x, y in drawing.atoms])
    assert (places >= 0).all()
    assert (places <= [drawing.width, drawing.height]).all()
    at = {atom: (x, y) for atom, x, y in drawing.atoms}
    lengths = [np.hypot(*np.subtract(at[a], at[b])) for a, b, _ in bonds if a in at and b in at]
    assert np.ptp(lengths) < 1.0  # the same in all drawings: pixels


def test_letters_are_those_of_atoms_other_than_carbon():
    _, numbers, bonds = graph("CONH2-4-OH")
    letters = [letter for *_, letter in draw_molecule(numbers, bonds).letters]
    assert sorted(letters) == ["2", "H", "H", "N", "O", "O"]


def test_a_drawing_has_no_colour_of_its_own():
    _, numbers, bonds = graph("Cl-4-F")
    assert re.fullmatch(r"[MLQZ0-9., -]+", draw_molecule(numbers, bonds).path)


def test_the_numbering_of_atoms_does_not_matter():
    molecule, numbers, bonds = graph("OH-3-H")
    order = np.random.default_rng(1).permutation(molecule.n_atoms)
    place = np.argsort(order)
    renumbered = draw_molecule(
        [numbers[i] for i in order], [(int(place[a]), int(place[b]), o) for a, b, o in bonds]
    )
    oxygen = int(place[numbers.index(8)])
    plain = draw_molecule(numbers, bonds)
    assert sorted(at for at, _, _ in renumbered.atoms) == sorted(
        int(place[at]) for at, _, _ in plain.atoms
    )
    assert oxygen in {at for at, _, _ in renumbered.atoms}


@pytest.mark.parametrize(("atom", "radius"), [(0, 3), (4, 2), (4, 3), (9, 4), (0, 0), (2, 6)])
def test_a_fragment_shows_all_its_atoms_and_its_root(atom, radius):
    molecule, numbers, _ = graph("CONH2-5-OH")
    drawing, root = draw_fragment(rooted_smiles(molecule, atom, radius))
    ball = atoms_within(molecule, atom, radius)
    assert len(drawing.atoms) == len(ball)
    assert root in {at for at, _, _ in drawing.atoms}
    letters = {letter for *_, letter in drawing.letters}
    assert ("H" in letters) == any(numbers[each] == 1 for each in ball)


@pytest.mark.parametrize("smiles", ["", "(((", "<script>alert(1)</script>"])
def test_what_is_no_structure_is_refused(smiles, capfd):
    with pytest.raises(ValueError, match="no structure"):
        draw_fragment(smiles)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "formula"), [("OH-4-H", "C₄H₁₀O"), ("CONH2-12-Cl", "C₁₃H₂₆ClNO"), ("H-2-H", "C₂H₆")]
)
def test_formulas_in_hill_order(name, formula):
    assert formula_of(graph(name)[1]) == formula
