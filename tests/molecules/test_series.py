from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import bifunctional, full, monofunctional


def test_monofunctional_series():
    series = monofunctional()
    assert len(series) == len(set(series)) == 119
    names = {parts.name for parts in series}
    assert {f"{x}-{n}-H" for x in END_GROUPS for n in range(1, 13)} - names == {"H-1-H"}


def test_bifunctional_series():
    series = bifunctional()
    assert len(series) == len(set(series)) == 135
    assert {parts.chain for parts in series} == {2, 4, 6}
    assert sum(parts.left == parts.right for parts in series) == 9 * 3
    assert not any("H" in (parts.left, parts.right) for parts in series)


def test_other_chains_from_an_iterator():
    assert len(monofunctional(n for n in (1, 2))) == 19
    assert len(bifunctional(n for n in (1, 3))) == 90


def test_full_series_has_254_different_molecules():
    molecules = full()
    assert len(molecules) == 254
    assert len({molecule.inchikey for molecule in molecules}) == 254
    assert len({molecule.smiles for molecule in molecules}) == 254
    assert len({molecule.name for molecule in molecules}) == 254
    assert full() is molecules
