import subprocess
import sys

from mlip_compose.molecules.groups import END_GROUPS


def test_ten_groups_in_canonical_order():
    assert list(END_GROUPS) == ["H", "OH", "NH2", "SH", "F", "Cl", "CHO", "COOH", "CONH2", "CN"]
    assert all(group.name == name for name, group in END_GROUPS.items())


def test_families_and_trees_differ():
    assert len({group.family for group in END_GROUPS.values()}) == 10
    assert len({group.branch for group in END_GROUPS.values()}) == 10


def test_rdkit_is_not_imported_before_it_is_needed():
    code = (
        "import sys;"
        "from mlip_compose.molecules import assembly, naming, recognition;"
        "assembly.bifunctional(); naming.readable_name(assembly.parse_name('OH-4-H'));"
        "recognition.recognise_graph([6, 1, 1, 1, 1], [(0, 1), (0, 2), (0, 3), (0, 4)]);"
        "sys.exit('rdkit' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
