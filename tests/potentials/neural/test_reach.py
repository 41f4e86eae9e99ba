import math

import pytest

from mlip_compose.potentials.additive.term_kinds import BONDED_REACH, PAIR_CUTOFF, TERM_KINDS
from mlip_compose.potentials.additive.topology import build_topology
from mlip_compose.potentials.neural.reach import (
    anti_distance,
    bonds_within,
    message_passing_field,
)
from mlip_compose.potentials.registry import KINDS, get_potential


def test_an_extended_chain_advances_by_its_known_step():
    """The repeat of two CH2 in crystalline polyethylene is 2.55 Angstrom."""
    assert anti_distance(2) == pytest.approx(2.55, abs=0.02)
    assert anti_distance(21) - anti_distance(19) == pytest.approx(anti_distance(2), rel=1e-3)
    assert anti_distance(1) == pytest.approx(1.53)


def test_anti_butane():
    """C1...C4 of anti butane by a chain built in space, from bond, angle and torsion."""
    bond, angle = 1.53, math.radians(112.0)
    points = [(0.0, 0.0)]
    for k in range(3):
        tilt = (1 if k % 2 else -1) * (math.pi - angle) / 2
        x, y = points[-1]
        points.append((x + bond * math.cos(tilt), y + bond * math.sin(tilt)))
    assert anti_distance(3) == pytest.approx(math.dist(points[0], points[3]))


@pytest.mark.parametrize(("cutoff", "bonds"), [(1.0, 0), (3.0, 2), (4.0, 3), (5.0, 3), (5.1, 4)])
def test_bonds_within_a_cutoff(cutoff, bonds):
    assert bonds_within(cutoff) == bonds
    assert anti_distance(bonds) <= cutoff < anti_distance(bonds + 1)


def test_layers_multiply_both():
    field = message_passing_field(4.0, 2)
    assert (field.bonds, field.angstrom) == (6, 8.0)
    assert "2 layers of 4 Å" in field.words


def test_every_kind_from_scratch_says_how_far_it_sees():
    made_here = [k for k in KINDS.values() if k.pretraining is None and k.name != "calculator"]
    fields = {kind.name: kind.settings().receptive_field() for kind in made_here}
    assert all(field is not None for field in fields.values())
    assert fields["composition"].bonds == 0
    assert fields["additive"].bonds == 3
    assert fields["mace-small"].bonds == 6


def test_it_follows_from_the_settings():
    field = (
        get_potential("mace-small")
        .settings.model_validate({"cutoff": 5.1, "layers": 1})
        .receptive_field()
    )
    assert (field.bonds, field.angstrom) == (4, 5.1)


def test_the_terms_reach_as_far_as_is_said(molecule):
    """No bonded term of a long molecule has atoms further apart than its bonded reach."""
    topology = build_topology(molecule("COOH-6-OH"))
    partners = {}
    for a, b in topology.bonds:
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)

    def bonds_between(a, b):
        shell, steps = {a}, 0
        while b not in shell:
            shell = shell.union(*(partners[x] for x in shell))
            steps += 1
        return steps

    spans = [
        bonds_between(atoms[i], atoms[j])
        for atoms in (*topology.angles, *topology.torsions, *topology.out_of_plane)
        for i in range(len(atoms))
        for j in range(i)
    ]
    assert max(spans) == BONDED_REACH
    assert max(kind.radius for kind in TERM_KINDS if kind.radius is not None) == BONDED_REACH
    assert anti_distance(3) < PAIR_CUTOFF
