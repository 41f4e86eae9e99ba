import numpy as np
import pytest
from builders import ceiling_header

from mlip_compose.evaluation.ceiling import (
    CeilingSummary,
    ceiling_score,
    ceiling_summaries,
)

HEADER = ceiling_header()
UNSEEN = ("OH-7-H", "F-8-H", "NH2-9-H")


@pytest.fixture
def scored(molecule, compare):
    """Return a function that scores a potential of given force errors, meV/Angstrom, by seed."""

    def make(seed, ood, ceiling, names=UNSEEN, potential="p"):
        def on(error):
            return [
                compare(molecule(name), "ood", np.zeros(4), 0.001 * error * (1 + i))
                for i, name in enumerate(names)
            ]

        header = HEADER.model_copy(update={"seed": seed, "potential": potential})
        return ceiling_score(header, on(ood), on(ceiling), resamples=300)

    return make


def test_mean_and_spread_over_seeds(scored):
    (found,) = ceiling_summaries([scored(0, 30.0, 20.0), scored(1, 50.0, 20.0)], ["forces_mae"])
    assert found.seeds == (0, 1)
    assert found.gap.mean.value == pytest.approx((1.5 + 2.5) / 2)
    assert found.gap.sd == pytest.approx(np.std([1.5, 2.5], ddof=1))
    # the same molecules for both: their difficulty cancels in each seed
    assert found.gap.mean.low == pytest.approx(2.0)
    assert found.gap.mean.high == pytest.approx(2.0)
    assert found.ceiling.sd == pytest.approx(0.0)
    assert found.ood.mean.low < found.ood.mean.value < found.ood.mean.high
    assert CeilingSummary.model_validate_json(found.model_dump_json()) == found


def test_potentials_are_apart_and_reactions_have_none(scored):
    found = ceiling_summaries([scored(0, 3.0, 2.0), scored(0, 3.0, 1.0, potential="q")])
    assert {summary.potential for summary in found} == {"p", "q"}
    assert not [summary for summary in found if summary.metric.startswith("reaction")]


def test_the_molecules_that_all_seeds_have(scored):
    scores = [scored(0, 30.0, 20.0), scored(1, 30.0, 20.0, names=UNSEEN[:2])]
    (found,) = ceiling_summaries(scores, ["forces_mae"])
    assert found.molecules == 2
    (none,) = ceiling_summaries(
        [scored(0, 30.0, 20.0, UNSEEN[:1]), scored(1, 30.0, 20.0, UNSEEN[1:])], ["forces_mae"]
    )
    assert (none.molecules, none.gap) == (0, None)
