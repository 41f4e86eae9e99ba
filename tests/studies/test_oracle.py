"""The oracle: errors of molecules composed from training molecules, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from mlip_compose import open_dataset, score_oracle, split_dataset
from mlip_compose.core.errors import DataError
from mlip_compose.core.records import Failure
from mlip_compose.references.base import Label
from mlip_compose.studies import oracle
from mlip_compose.studies.oracle import compose
from mlip_compose.tasks.decomposition import decompose


class Springs:
    """Pairs of atoms that are no more than three bonds apart at rest: 0.5 (d - 1)^2 eV."""

    name = "springs"
    reach = 1.7

    def label(self, numbers, positions, charge=0, spin=1):
        between = positions[:, None] - positions[None]
        distance = np.linalg.norm(between, axis=-1) + np.eye(len(numbers))
        near = (distance < self.reach) & ~np.eye(len(numbers), dtype=bool)
        energy = 0.25 * float(((distance - 1.0) ** 2)[near].sum())
        pull = np.where(near, (distance - 1.0) / distance, 0.0)
        return Label(energy, -(pull[..., None] * between).sum(axis=1))


@pytest.fixture(scope="module")
def dataset():
    return open_dataset("mini-v1")


def job(dataset, name, reference, n_frames=2, level=1):
    target = split_dataset(dataset, "recombination", level, train_frames=None)
    training = [dataset.molecules[name] for name in target.split.train]
    frames = dataset.frames(name, "primary", np.arange(n_frames))
    molecule = dataset.molecules[name]
    return oracle._Job(molecule, decompose(molecule, training), frames.positions, reference)


def test_energies_of_parts_that_do_not_reach_far_are_composed_exactly(dataset):
    """Bonds that are cut end within an overlap, so that sums of pairs of near atoms are exact."""
    work = job(dataset, "OH-4-CN", Springs(), level=2)
    energies, forces = compose(work)
    for frame, positions in enumerate(work.positions.astype(float)):
        label = Springs().label(work.molecule.numbers, positions)
        assert energies[frame] == pytest.approx(label.energy, abs=1e-10)
        np.testing.assert_allclose(forces[frame], label.forces, atol=1e-10)


def test_forces_are_minus_the_gradient_caps_included(dataset):
    class Far(Springs):
        reach = 100.0

    work = job(dataset, "F-2-Cl", Far(), n_frames=1)
    _, forces = compose(work)
    step = 1e-5
    for atom, axis in [(0, 0), (1, 2), (3, 1), (5, 2)]:
        ends = []
        for sign in (1, -1):
            positions = work.positions.astype(float).copy()
            positions[0, atom, axis] += sign * step
            ends.append(compose(work._replace(positions=positions))[0][0])
        assert forces[0, atom, axis] == pytest.approx(-(ends[0] - ends[1]) / (2 * step), abs=1e-6)


def test_a_label_that_fails_fails_its_frame(dataset):
    class Fails(Springs):
        calls = 0

        def label(self, *arguments, **options):
            Fails.calls += 1
            if Fails.calls == 1:
                return Failure("scf", "piece", "not converged")
            return super().label(*arguments, **options)

    energies, forces = compose(job(dataset, "OH-2-F", Fails()))
    assert np.isnan(energies).tolist() == [True, False]
    assert np.isnan(forces[0]).all()
    assert np.isfinite(forces[1]).all()


def test_the_error_falls_with_the_level_and_is_far_from_that_of_knowing_nothing(dataset):
    errors = []
    for level in (1, 2, 3):
        target = split_dataset(dataset, "recombination", level, train_frames=None)
        few = replace(target.split, ood=target.split.ood[::9])
        ood = {name: target.selection.ood[name] for name in few.ood}
        target = replace(target, split=few, selection=replace(target.selection, ood=ood))
        errors.append(score_oracle(dataset, target, frames=1))
    values = [found.forces_mae.value for found in errors]
    assert values[0] > 3 * values[1] > 6 * values[2] > 0
    assert errors[2].document()["molecules"][0]["pieces"] == 3
    assert errors[0].without == ()


def test_a_reference_that_gives_other_labels_is_refused(dataset):
    target = split_dataset(dataset, "recombination", 1, train_frames=None)
    with pytest.raises(DataError, match="forces that differ by up to"):
        score_oracle(dataset, target, frames=1, reference="ase.calculators.lj:LennardJones")
