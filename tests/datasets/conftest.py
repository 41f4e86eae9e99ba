"""A recipe of seconds."""

import pytest

from mlip_compose.datasets.recipe import Recipe
from mlip_compose.sampling.protocol import SamplingProtocol

SHORT = SamplingProtocol(
    equilibration_steps=5, stride_steps=2, primary=3, secondary=2, bifunctional_primary=2
)


@pytest.fixture(scope="session")
def recipe():
    return Recipe(name="tiny", molecules=("OH-1-H", "F-1-H", "H-2-H", "F-1-Cl"), sampling=SHORT)
