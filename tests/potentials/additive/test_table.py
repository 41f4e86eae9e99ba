"""The fitted terms in units, against textbook values."""

import pytest

MDYN_PER_ANGSTROM = 6.2415  # eV/Angstrom^2

# Angstrom, and mdyn/Angstrom: typical values of valence force fields
BONDS = {
    "C(-C-C-H-H) C(-C-H-H-H)": (1.53, 4.5),
    "C(-C-C-H-H) H(-C)": (1.10, 4.8),
    "C(-C-H-H-O) O(-C-H)": (1.42, 5.0),
    "H(-O) O(-C-H)": (0.96, 7.5),
    "C(-C-H=O) O(=C)": (1.21, 11.5),
}
# degrees
ANGLES = {
    "H(-C) C(-C-C-H-H) H(-C)": 107.0,
    "C(-C-H-H-H) C(-C-C-H-H) H(-C)": 110.0,
    "C(-C-H-H-O) O(-C-H) H(-O)": 107.5,
}


@pytest.fixture(scope="module")
def rows(fitted):
    return fitted.terms()


def stiffness(rows, kind, label):
    reverse = " ".join(label.split(" ")[::-1])
    return next(
        r
        for r in rows
        if r.kind == kind and r.type in (label, reverse) and r.quantity == "force constant"
    )


@pytest.mark.parametrize("label", BONDS)
def test_bonds_are_near_textbook_values(rows, label):
    length, constant = BONDS[label]
    row = stiffness(rows, "bond", label)
    assert (row.equilibrium_unit, row.unit) == ("Angstrom", "eV/Angstrom^2")
    assert row.equilibrium == pytest.approx(length, abs=0.03)
    assert row.value == pytest.approx(constant * MDYN_PER_ANGSTROM, rel=0.35)


@pytest.mark.parametrize("label", ANGLES)
def test_angles_are_near_textbook_values(rows, label):
    row = stiffness(rows, "angle", label)
    assert (row.equilibrium_unit, row.unit) == ("degree", "eV/rad^2")
    assert row.equilibrium == pytest.approx(ANGLES[label], abs=4.0)
    assert 1.0 < row.value < 10.0


def test_stiffer_bonds_are_stiffer(rows):
    names = ["C(-C-C-H-H) C(-C-H-H-H)", "H(-O) O(-C-H)", "C(-C-H=O) O(=C)"]
    values = [stiffness(rows, "bond", name).value for name in names]
    assert values == sorted(values)


def test_every_coefficient_of_every_type_is_listed_with_a_unit(rows, fitted):
    types = {(r.kind, r.type) for r in rows}
    assert len(types) == sum(fitted.report["types"].values())
    units = {(r.kind, r.quantity): r.unit for r in rows}
    assert units["bond", "quadratic"] == "eV/Angstrom^2"
    assert units["bond", "linear"] == "eV/Angstrom"
    assert units["angle", "quadratic"] == units["torsion", "cos 3phi"] == "eV"
    assert units["stretch-stretch", "product"] == "eV/Angstrom^2"
    assert units["stretch-bend", "product"] == "eV/Angstrom"
    assert units["pair-1-4", "power 6"] == "eV"


def test_a_force_constant_is_twice_the_quadratic_coefficient(rows):
    row = stiffness(rows, "bond", "H(-O) O(-C-H)")
    quadratic = next(
        r for r in rows if (r.kind, r.type) == ("bond", row.type) and r.quantity == "quadratic"
    )
    assert row.value == pytest.approx(2 * quadratic.value)
