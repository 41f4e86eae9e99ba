import numpy as np
import pytest

from mlip_compose.evaluation.reactions import Minimum, enumerate_reactions, score_reactions
from mlip_compose.evaluation.score import score

EV = 23.06054783  # kcal/mol, CODATA 2018


def minima_of(molecule, table):
    return {name: Minimum(molecule(name), *energies) for name, energies in table.items()}


def test_exchange_by_hand(molecule):
    minima = minima_of(
        molecule,
        {
            "OH-2-F": (-10.0, -11.0),
            "H-2-H": (-1.0, -1.5),
            "OH-2-H": (-4.0, -4.0),
            "F-2-H": (-6.9, -8.2),
        },
    )
    (reaction,), failed = score_reactions(minima, ["OH-2-H", "F-2-H", "H-2-H"], ["OH-2-F"], None)
    assert failed == ()
    assert reaction.name == "OH-2-F + H-2-H -> OH-2-H + F-2-H"
    assert (reaction.kind, reaction.family, reaction.chain) == ("exchange", "OH+F", 2)
    assert reaction.part == "ood"
    assert reaction.reference == pytest.approx(0.1 * EV)
    assert reaction.predicted == pytest.approx(0.3 * EV)
    assert reaction.predicted_offset is None


def test_exchange_of_two_equal_groups(molecule):
    minima = minima_of(
        molecule, {"OH-2-OH": (-7.0, -7.0), "H-2-H": (-1.0, -1.0), "OH-2-H": (-4.5, -4.0)}
    )
    (reaction,), _ = score_reactions(minima, minima, [], None)
    assert reaction.part == "id"
    assert reaction.reference == pytest.approx(-1.0 * EV)
    assert reaction.predicted == pytest.approx(0.0)


def test_increments_by_hand(molecule):
    minima = minima_of(
        molecule, {"OH-1-H": (-5.0, -5.0), "OH-2-H": (-8.0, -8.5), "OH-4-H": (-14.0, -14.0)}
    )
    (reaction,), _ = score_reactions(minima, minima, [], None)
    assert reaction.name == "OH-1-H -> OH-2-H"
    assert (reaction.kind, reaction.family, reaction.chain) == ("increment", "OH", 1)
    assert reaction.reference == pytest.approx(-3.0 * EV)
    assert reaction.predicted == pytest.approx(-3.5 * EV)


def test_a_reaction_is_ood_when_a_participant_is_and_the_others_belong_to_the_split(molecule):
    names = [f"F-{n}-H" for n in range(1, 6)]
    minima = minima_of(molecule, dict.fromkeys(names, (0.0, 0.0)))
    reactions, _ = score_reactions(minima, ["F-1-H", "F-2-H", "F-3-H"], ["F-4-H"], None)
    assert {r.name: r.part for r in reactions} == {
        "F-1-H -> F-2-H": "id",
        "F-2-H -> F-3-H": "id",
        "F-3-H -> F-4-H": "ood",
    }


def test_a_failed_minimum_is_named_and_its_reactions_left_out(molecule):
    minima = minima_of(
        molecule,
        {
            "F-1-H": (0.0, 0.0),
            "F-2-H": (0.0, np.nan),
            "F-3-H": (0.0, 0.0),
            "F-4-H": (0.0, 1.0),
            "Cl-1-H": (0.0, np.inf),
        },
    )
    reactions, failed = score_reactions(minima, ["F-1-H", "F-2-H", "F-3-H", "F-4-H"], [], None)
    assert [r.name for r in reactions] == ["F-3-H -> F-4-H"]
    assert failed == ("F-2-H",)


def test_offsets_change_increments_and_no_exchange(molecule):
    offsets = {1: 0.25, 6: -1.0, 8: 3.0, 9: -4.0}
    names = ["OH-2-F", "H-2-H", "OH-2-H", "F-2-H", "H-3-H"]
    rng = np.random.default_rng(0)
    minima = minima_of(molecule, {name: tuple(rng.normal(size=2)) for name in names})
    reactions, _ = score_reactions(minima, names, [], offsets)
    kinds = {reaction.kind: reaction for reaction in reactions}
    exchange, increment = kinds["exchange"], kinds["increment"]
    assert exchange.predicted_offset == pytest.approx(exchange.predicted, abs=1e-9)
    assert increment.predicted_offset - increment.predicted == pytest.approx((-1.0 + 0.5) * EV)


def test_perfectly_additive_energies_have_no_exchange_energy(molecule):
    groups = {"H": 0.3, "OH": -2.0, "F": -1.7}
    molecules = [
        molecule(f"{x}-{n}-{y}")
        for x, y in [("H", "H"), ("OH", "H"), ("F", "H"), ("OH", "F"), ("OH", "OH"), ("F", "F")]
        for n in (1, 2, 3)
    ]
    parts = [m.parts for m in molecules]
    energy = {p: groups[p.left] + groups[p.right] - 4.1 * p.chain for p in parts}
    reactions = list(enumerate_reactions(molecules))
    exchanges = [r.energy(energy) for r in reactions if r.kind == "exchange"]
    increments = [r.energy(energy) for r in reactions if r.kind == "increment"]
    assert exchanges == pytest.approx([0.0] * 9)
    assert increments == pytest.approx([-4.1] * 12)
    backwards = enumerate_reactions(molecules[::-1])
    assert [r.name for r in backwards] == [r.name for r in reactions]


def test_own_minima_by_hand(molecule):
    names = ["OH-2-F", "H-2-H", "OH-2-H", "F-2-H", "H-3-H"]
    relaxed = dict(zip(names, (-11.0, -1.5, -4.0, -8.3, np.nan), strict=True))
    minima = {name: Minimum(molecule(name), 0.0, 0.5, relaxed[name]) for name in names}
    reactions, failed = score_reactions(minima, names, [], {1: 0.25, 6: -1.0})
    kinds = {reaction.kind: reaction for reaction in reactions}
    assert kinds["exchange"].predicted == pytest.approx(0.0)
    assert kinds["exchange"].predicted_relaxed == pytest.approx(0.2 * EV)
    assert kinds["exchange"].predicted_relaxed_offset == pytest.approx(0.2 * EV)
    assert failed == ()
    # One participant could not be relaxed: no value, and none of that reaction alone.
    assert kinds["increment"].predicted_relaxed is None
    assert kinds["increment"].predicted_relaxed_offset is None
    assert kinds["increment"].predicted_offset == pytest.approx((-1.0 + 0.5) * EV)


def test_own_minima_are_a_metric_of_their_own(molecule, header):
    names = [f"{group}-{n}-H" for group in ("F", "OH") for n in (1, 2, 3)]
    minima = {
        name: Minimum(molecule(name), 0.0, 0.0, 0.1 * molecule(name).parts.chain) for name in names
    }
    found = score(header(), [], train=names[:5], ood=names[5:], minima=minima, resamples=50)
    assert found.metric("reaction_mae").ood.value == 0.0
    own = found.metric("reaction_mae_relaxed")
    assert own.ood.value == pytest.approx(0.1 * EV)
    assert own.id_frames == 3
    assert found.metric("reaction_mae_relaxed_offset").ood is None  # no training labels
    without = score(
        header(),
        [],
        train=names[:5],
        ood=names[5:],
        minima={name: m._replace(relaxed=None) for name, m in minima.items()},
        resamples=50,
    )
    assert without.metric("reaction_mae_relaxed").id is None
