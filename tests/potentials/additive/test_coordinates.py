import numpy as np
import pytest

from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble
from mlip_compose.potentials.additive.coordinates import SORTS, measure
from mlip_compose.potentials.additive.term_kinds import TERM_KINDS
from mlip_compose.potentials.additive.terms import find_terms


@pytest.fixture(scope="module")
def topology():
    return find_terms(assemble(Parts("CONH2", 2, "H"))).topology


@pytest.fixture
def positions(topology):
    n = len(topology.labels.element)
    return np.random.default_rng(1).normal(0, 2.0, size=(2, n, 3))


@pytest.mark.parametrize("sort", SORTS)
def test_gradients_are_derivatives(topology, positions, sort):
    step = 1e-6
    found = measure(topology, positions)[sort]
    for a in range(positions.shape[1]):
        for axis in range(3):
            shift = np.zeros_like(positions)
            shift[:, a, axis] = step
            plus = measure(topology, positions + shift, (sort,))[sort].values
            minus = measure(topology, positions - shift, (sort,))[sort].values
            analytic = np.where(found.atoms == a, 1.0, 0.0)[:, :, None] * found.gradients[..., axis]
            np.testing.assert_allclose(
                (plus - minus) / (2 * step), analytic.sum(axis=1), atol=2e-6, rtol=1e-5
            )


def test_known_values():
    """A right-angled, then planar zigzag of hydrogen peroxide's shape."""
    molecule = assemble(Parts("OH", 1, "H"))
    terms = find_terms(molecule)
    x = np.random.default_rng(0).normal(size=(1, molecule.n_atoms, 3))
    a, b, c, d = terms.topology.torsions[0]
    x[0, [a, b, c, d]] = [[1, 0, 0], [0, 0, 0], [0, 2, 0], [-1, 2, 0]]
    found = measure(terms.topology, x)
    bond = terms.topology.bonds.index((min(b, c), max(b, c)))
    assert found["bond"].values[bond, 0] == pytest.approx(2.0)
    assert found["torsion"].values[0, 0] == pytest.approx(-1.0)  # trans
    angle = terms.topology.angles.index((min(a, c), b, max(a, c)))
    assert found["angle"].values[angle, 0] == pytest.approx(0.0)


@pytest.mark.parametrize("kind", TERM_KINDS, ids=lambda kind: kind.name)
def test_slopes_of_basis_functions_are_derivatives(kind):
    step = 1e-6
    rng = np.random.default_rng(2)
    low, high = (1.8, 9.0) if kind.coordinates == ("pair",) else (-0.9, 0.9)
    x = [rng.uniform(low, high, size=(5, 3)) for _ in kind.coordinates]
    values, slopes = kind.basis(x)
    assert values.shape == (len(kind.quantities), 5, 3)
    assert slopes.shape == (len(kind.quantities), len(x), 5, 3)
    assert len(kind.spread) == len(kind.quantities)
    for s in range(len(x)):
        plus, _ = kind.basis([q + step * (i == s) for i, q in enumerate(x)])
        minus, _ = kind.basis([q - step * (i == s) for i, q in enumerate(x)])
        np.testing.assert_allclose((plus - minus) / (2 * step), slopes[:, s], atol=1e-6, rtol=1e-5)
