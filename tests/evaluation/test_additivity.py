import numpy as np
import pytest

from mlip_compose.evaluation.additivity import reaction_errors, reference_additivity
from mlip_compose.evaluation.reactions import Minimum
from mlip_compose.evaluation.score import score

EV = 23.06054783  # kcal/mol, CODATA 2018
GROUPS = {"H": 0.3, "OH": -2.0, "F": -1.7}
NAMES = [
    f"{x}-{n}-{y}"
    for x, y in [("H", "H"), ("OH", "H"), ("F", "H"), ("OH", "F"), ("OH", "OH"), ("F", "F")]
    for n in (2, 3, 4)
]


@pytest.fixture
def minima(molecule):
    """Perfectly additive energies in eV, but for what is added by name."""

    def make(**extra):
        made = [molecule(name) for name in NAMES]
        return {
            m.name: (
                m,
                GROUPS[m.parts.left]
                + GROUPS[m.parts.right]
                - 4.1 * m.parts.chain
                + extra.get(m.name.replace("-", "_"), 0.0),
            )
            for m in made
        }

    return make


def of(additivity, kind):
    return next(k for k in additivity.kinds if k.kind == kind)


def test_perfectly_additive_energies_deviate_by_nothing(minima):
    found = reference_additivity("toy", "sums", minima(), 50)
    exchanges, increments = of(found, "exchange"), of(found, "increment")
    assert exchanges.centre == 0.0
    assert increments.centre == pytest.approx(-4.1 * EV)
    for kind in (exchanges, increments):
        for each in (kind.together, *kind.by_chain, *kind.by_family):
            assert each.mean == pytest.approx(0.0, abs=1e-10)
            assert each.mean_absolute.value == pytest.approx(0.0, abs=1e-10)
            assert each.largest == pytest.approx(0.0, abs=1e-10)
    assert (exchanges.together.count, increments.together.count) == (9, 12)
    assert (found.unit, found.reference) == ("kcal/mol", "sums")


def test_an_interaction_is_found_where_it_is(minima):
    """OH and F attract each other by 0.09 eV at n = 2: one exchange costs that much."""
    exchanges = of(reference_additivity("toy", "r", minima(OH_2_F=-0.09), 50), "exchange")
    assert exchanges.together.mean == pytest.approx(0.01 * EV)
    assert exchanges.together.mean_absolute.value == pytest.approx(0.01 * EV)
    assert exchanges.together.largest == pytest.approx(0.09 * EV)
    assert exchanges.together.largest_of == "OH-2-F + H-2-H -> OH-2-H + F-2-H"
    assert {d.label: round(d.mean / EV, 6) for d in exchanges.by_chain} == {
        "n = 2": 0.03,
        "n = 3": 0.0,
        "n = 4": 0.0,
    }
    assert {d.label: round(d.mean / EV, 6) for d in exchanges.by_family} == {
        "F+F": 0.0,
        "OH+F": 0.03,
        "OH+OH": 0.0,
    }
    assert exchanges.together.mean_absolute.low is not None


def test_increments_are_compared_with_their_mean(minima):
    increments = of(reference_additivity("toy", "r", minima(H_4_H=0.12), 50), "increment")
    assert increments.centre == pytest.approx((-4.1 + 0.01) * EV)
    assert increments.together.mean == pytest.approx(0.0, abs=1e-10)
    assert increments.together.largest == pytest.approx(0.11 * EV)
    assert increments.together.sd == pytest.approx(EV * np.std([0.12] + [0.0] * 11))


def test_without_reactions_there_is_nothing_to_say(minima, molecule):
    assert reference_additivity("toy", "r", {}) is None
    assert reference_additivity("toy", "r", {"OH-1-H": (molecule("OH-1-H"), -1.0)}) is None


def test_errors_of_potentials_by_kind_and_geometry(minima, molecule, header):
    """A potential that is perfectly additive errs by just the reference's deviation."""
    table = minima(OH_2_F=-0.09)
    additive = {name: energy for name, (_, energy) in minima().items()}
    own = {
        name: Minimum(
            m,
            energy,
            additive[name] + 0.2 * m.parts.chain,
            None if m.parts.chain == 4 else additive[name],
        )
        for name, (m, energy) in table.items()
    }
    train = [name for name in NAMES if name.endswith("-H")]
    scored = score(
        header(),
        [],
        train=train,
        ood=[n for n in NAMES if n not in train],
        minima=own,
        resamples=50,
    )
    found = {(e.kind, e.part, e.energies): e for e in reaction_errors([scored])}
    exchange = found["exchange", "ood", "predicted"]
    assert (exchange.count, exchange.families, exchange.unit) == (9, 3, "kcal/mol")
    assert exchange.mae.value == pytest.approx(0.01 * EV)
    assert exchange.largest == pytest.approx(-0.09 * EV)
    assert found["increment", "id", "predicted"].mae.value == pytest.approx(0.2 * EV)
    assert found["exchange", "ood", "predicted_relaxed"].count == 6
    assert found["increment", "id", "predicted_relaxed"].mae.value == pytest.approx(0.0, abs=1e-9)
    assert ("exchange", "ood", "predicted_offset") not in found
    assert ("exchange", "id", "predicted") not in found
