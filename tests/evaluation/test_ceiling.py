from dataclasses import replace

import numpy as np
import pytest
from builders import ceiling_header

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.ceiling import CeilingScore, ceiling_score
from mlip_compose.evaluation.metric_names import MATCHED, METRICS

HEADER = ceiling_header()
UNSEEN = ("OH-7-H", "F-8-H", "NH2-9-H", "Cl-7-H")


@pytest.fixture
def compare(molecule):
    """Return a function that compares labels with a prediction that errs by a given size."""

    def make(name, part, error, frames=6, drift=0.0):
        parts = molecule(name)
        rng = np.random.default_rng([len(name), *name.encode()])
        shape = (frames, parts.n_atoms, 3)
        energy, forces = rng.normal(size=frames), rng.normal(size=shape)
        novel = np.zeros(parts.n_atoms, dtype=bool)
        if part == "ood":
            novel[:2] = True
        signs = rng.choice([-1.0, 1.0], size=shape)
        return Comparison(
            molecule=parts,
            part=part,
            reference_energy=energy,
            predicted_energy=energy + drift + 0.01 * error * rng.normal(size=frames),
            reference_forces=forces,
            predicted_forces=forces + 0.001 * error * signs,
            novel=novel,
        )

    return make


def test_the_gap_is_the_ratio_on_the_same_frames(compare):
    ordinary = [compare(name, "ood", 30.0) for name in UNSEEN]
    ceiling = [compare(name, "ood", 20.0) for name in UNSEEN]
    found = ceiling_score(HEADER, ordinary, ceiling, resamples=200)
    for name in ("forces_mae", "forces_rmse", "forces_mae_novel", "forces_mae_familiar"):
        metric = found.metric(name)
        assert metric.ood.value == pytest.approx(30.0)
        assert metric.ceiling.value == pytest.approx(20.0)
        assert metric.gap.value == pytest.approx(1.5)
        assert (metric.frames, metric.molecules, metric.unit) == (24, 4, "meV/Å")
    names = [metric.name for metric in found.metrics]
    frames = [d.name for d in METRICS.values() if d.source == "frames"]
    assert names == [name for name in frames if name != MATCHED]  # its OOD error is a known one
    assert (found.ood_molecules, found.failed_frames) == (4, 0)
    assert CeilingScore.model_validate_json(found.model_dump_json()) == found


def test_what_makes_a_molecule_hard_for_both_cancels(compare):
    """The errors differ tenfold between molecules, the ratio does not: its interval is a point."""
    sizes = dict(zip(UNSEEN, (5.0, 10.0, 25.0, 50.0), strict=True))
    ordinary = [compare(name, "ood", 2.0 * size) for name, size in sizes.items()]
    ceiling = [compare(name, "ood", size) for name, size in sizes.items()]
    metric = ceiling_score(HEADER, ordinary, ceiling, resamples=500).metric("forces_mae")
    assert metric.ood.high > 1.5 * metric.ood.low
    assert metric.gap.low == pytest.approx(2.0)
    assert metric.gap.high == pytest.approx(2.0)


def test_the_order_of_molecules_makes_no_difference(compare):
    ordinary = [compare(name, "ood", 3.0 + i) for i, name in enumerate(UNSEEN)]
    ceiling = [compare(name, "ood", 2.0) for name in UNSEEN]
    first = ceiling_score(HEADER, ordinary, ceiling, resamples=50)
    assert ceiling_score(HEADER, ordinary[::-1], ceiling[1:] + ceiling[:1], resamples=50) == first


def test_each_has_the_offsets_of_its_own_training_labels(compare):
    """An energy per element that is off by the same in training and test is no error."""
    train, ordinary = compare("OH-2-H", "train", 0.0, drift=0.9), []
    per_atom = 0.9 / train.molecule.n_atoms
    for name in UNSEEN[:1]:
        comparison = compare(name, "ood", 0.0)
        drift = per_atom * comparison.molecule.n_atoms
        ordinary.append(replace(comparison, predicted_energy=comparison.predicted_energy + drift))
    ceiling = [compare(name, "ood", 0.0) for name in UNSEEN[:1]]
    found = ceiling_score(HEADER, [train, *ordinary], ceiling, resamples=10)
    raw = found.metric("energy_mae_per_atom")
    assert raw.ood.value == pytest.approx(1000 * per_atom)
    shifted = found.metric("energy_mae_per_atom_offset")
    assert shifted.ood.value < 0.5 * raw.ood.value
    assert shifted.ceiling is None  # no training frames of the ceiling were given


def test_a_frame_that_one_failed_on_is_in_the_error_of_neither(compare):
    ordinary = [compare(name, "ood", 30.0) for name in UNSEEN]
    ceiling = [compare(name, "ood", 20.0) for name in UNSEEN]
    broken = ordinary[0].predicted_forces.copy()
    broken[2] = np.nan
    ordinary[0] = replace(ordinary[0], predicted_forces=broken)
    worse = ceiling[0].predicted_forces.copy()
    worse[2] += 1000.0
    worse[3] = np.inf
    ceiling[0] = replace(ceiling[0], predicted_forces=worse)
    found = ceiling_score(HEADER, ordinary, ceiling, resamples=50)
    assert found.failed_frames == 2
    metric = found.metric("forces_mae")
    assert metric.frames == 22
    assert metric.ceiling.value == pytest.approx(20.0)
    assert metric.gap.value == pytest.approx(1.5)


def test_a_faultless_ceiling_leaves_no_ratio(compare):
    ordinary = [compare(name, "ood", 30.0) for name in UNSEEN]
    ceiling = [compare(name, "ood", 0.0) for name in UNSEEN]
    metric = ceiling_score(HEADER, ordinary, ceiling, resamples=50).metric("forces_mae")
    assert (metric.ceiling.value, metric.gap) == (0.0, None)


def test_one_molecule_has_no_interval(compare):
    ordinary, ceiling = [compare("OH-7-H", "ood", 3.0)], [compare("OH-7-H", "ood", 2.0)]
    gap = ceiling_score(HEADER, ordinary, ceiling, resamples=50).metric("forces_mae").gap
    assert gap.value == pytest.approx(1.5)
    assert (gap.low, gap.high) == (None, None)


def test_other_frames_are_refused(compare):
    ordinary = [compare(name, "ood", 3.0) for name in UNSEEN]
    with pytest.raises(RequestError, match="same molecules"):
        ceiling_score(HEADER, ordinary, ordinary[1:])
    with pytest.raises(RequestError, match="same molecules"):
        ceiling_score(HEADER, [*ordinary, ordinary[0]], [*ordinary, ordinary[0]])
    fewer = [compare(name, "ood", 3.0, frames=5) for name in UNSEEN]
    with pytest.raises(RequestError, match=r"same frames.*labels.*Cl-7-H"):
        ceiling_score(HEADER, ordinary, fewer)
    other = [replace(comparison, novel=~comparison.novel) for comparison in ordinary]
    with pytest.raises(RequestError, match="novel"):
        ceiling_score(HEADER, ordinary, other)
