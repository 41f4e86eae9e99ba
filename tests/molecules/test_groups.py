import subprocess
import sys

import pytest

from mlip_compose.core.errors import UnknownNameError
from mlip_compose.molecules.groups import (
    END_GROUPS,
    group_facts,
    group_order,
    group_smiles,
    name_of_group,
    read_group,
)


def test_ten_groups_in_canonical_order():
    assert list(END_GROUPS) == ["H", "OH", "NH2", "SH", "F", "Cl", "CHO", "COOH", "CONH2", "CN"]
    assert all(group.name == name for name, group in END_GROUPS.items())


def test_families_and_smiles_differ():
    assert len({group.family for group in END_GROUPS.values()}) == 10
    assert len({group_smiles(name) for name in END_GROUPS}) == 10


@pytest.mark.parametrize("name", [*END_GROUPS, "*Br", "*OC", "*C=C", "*N(=O)=O", "*c1ccccc1"])
def test_a_group_that_is_read_has_its_name(name):
    assert name_of_group(read_group(name)) == name


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("*O", "OH"),
        ("O*", "OH"),
        ("*C(O)=O", "COOH"),
        ("C(=C)*", "*C=C"),
        ("*[N+](=O)[O-]", "*N(=O)=O"),
        ("c1ccc(*)cc1", "*c1ccccc1"),
        ("*[H]", "H"),
    ],
)
def test_ways_of_writing_a_group(smiles, name):
    assert name_of_group(read_group(smiles)) == name


@pytest.mark.parametrize("name", ["Br", "*", "**", "*C*", "*=O", "*O.C", "xyz*", ""])
def test_what_is_no_group_is_refused(name):
    with pytest.raises(UnknownNameError, match="attachment point"):
        read_group(name)


FACTS = {name: group_facts(name) for name in ("H", "CONH2", "*c1ccccc1")}


def test_facts_of_groups():
    counts = {name: (facts.heavy, facts.hydrogens) for name, facts in FACTS.items()}
    assert counts == {"H": (0, 1), "CONH2": (3, 2), "*c1ccccc1": (6, 5)}
    assert FACTS["H"].mass == pytest.approx(1.008)
    assert FACTS["CONH2"].mass == pytest.approx(44.03, abs=0.01)
    assert FACTS["*c1ccccc1"].mass == pytest.approx(77.1, abs=0.02)


def test_the_ten_come_first_and_the_others_by_size():
    names = ["*c1ccccc1", "CN", "*Br", "H", "*OC", "OH"]
    assert sorted(names, key=group_order) == ["H", "OH", "CN", "*Br", "*OC", "*c1ccccc1"]


def test_rdkit_is_not_imported_before_it_is_needed():
    code = (
        "import sys;"
        "from mlip_compose.molecules import naming, perception, series;"
        "series.bifunctional(); naming.readable_name(series.parse_name('OH-4-H'));"
        "sys.exit('rdkit' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
