import numpy as np
import pytest

from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.tasks.coverage import Coverage, coverage, environments_of, novel_atoms, seen_radii
from mlip_compose.tasks.rules import TASKS, get_task


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", TASKS)
def test_on_the_full_set_the_coverage_radius_is_the_level(name, level, by_name):
    split = get_task(name).split(full(), level)
    found = coverage([by_name[n] for n in split.train], [by_name[n] for n in split.ood])
    assert found.radius == level
    assert found.fractions[: level + 1] == (1.0,) * (level + 1)
    assert found.fractions[level + 1] < 1.0


def test_counts_by_hand(by_name):
    """Ethane shows the methyl ends of propane to radius 1, and not its middle."""
    found = coverage([by_name["H-2-H"]], [by_name["H-3-H"]])
    assert found.atoms == 11
    # Radius 1: the CH2 is new. Radius 2: so are its hydrogens and its neighbours, the methyl
    # carbons; the hydrogens of a methyl see its carbon's bonds and no farther.
    assert found.covered[:3] == (11, 10, 6)


def test_an_element_that_training_lacks(by_name):
    found = coverage([by_name["H-4-H"]], [by_name["F-4-H"]])
    assert found.radius == -1
    assert found.covered[0] == found.atoms - 1


def test_a_molecule_covers_itself_to_the_largest_radius(by_name):
    assert coverage([by_name["OH-4-H"]], [by_name["OH-4-H"]]).radius == 6


def test_one_atom_in_many_is_not_lost_to_rounding():
    many = 10**17
    assert Coverage((many,) * 3 + (many - 1,) * 4, many).radius == 2


def test_novel_atoms_are_those_that_training_does_not_show(by_name):
    """Butan-1-ol after propan-1-ol and butane, radius 2: one carbon is new."""
    molecule = by_name["OH-4-H"]
    train = [by_name["OH-3-H"], by_name["H-4-H"]]
    assert molecule.numbers[:5].tolist() == [8, 6, 6, 6, 6]  # O C1 C2 C3 C4, then hydrogens
    novel = novel_atoms(molecule, train, 2)
    assert novel.dtype == bool
    assert novel.shape == (molecule.n_atoms,)
    # C2 has a CH2OH on one side, as in propanol, and a CH2 that goes on, as in no molecule with O.
    assert np.flatnonzero(novel).tolist() == [2]


def test_novel_atoms_agree_with_coverage(by_name):
    split = get_task("crossing").split(full(), 2)
    train, ood = ([by_name[n] for n in names] for names in (split.train, split.ood))
    found = coverage(train, ood)
    for radius in (2, 3, 6):
        novel = sum(int(novel_atoms(m, train, radius).sum()) for m in ood)
        assert found.atoms - novel == found.covered[radius]
    assert not novel_atoms(ood[0], train, found.radius).any()


def test_a_long_bifunctional_molecule_needs_longer_parts(by_name):
    mono = [by_name[f"{x}-12-H"] for x in ("OH", "NH2")]
    radii = [
        coverage([*mono, by_name["H-12-H"]], [assemble(Parts("OH", n, "NH2"))]).radius
        for n in (2, 3, 4, 5, 6)
    ]
    assert radii == [1, 1, 2, 2, 3]


def test_seen_radii_are_those_of_the_coverage(read):
    """Of butanol beside propanol and butane: the smallest seen radius is r*."""
    train = [read("OCCC"), read("CCCC")]
    molecule = read("OCCCC")
    seen = [environments_of(train, radius) for radius in range(7)]
    radii = seen_radii(molecule, seen)
    assert radii.min() == coverage(train, [molecule]).radius
    for radius in range(7):
        share = float((radii >= radius).mean())
        assert share == coverage(train, [molecule]).fractions[radius]
    assert seen_radii(read("CBr"), seen).tolist()[1] == -1  # bromine
