import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlip_compose.potentials.neural.networks.graphs import (
    batch_graph,
    labelled_graphs,
    neighbour_pairs,
)
from mlip_compose.potentials.neural.networks.loader import StepLoader, StepSampler


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 7), st.floats(0.5, 4.0), st.integers(0, 1000))
def test_pairs_are_those_that_a_double_loop_finds(n_frames, n_atoms, cutoff, seed):
    positions = np.random.default_rng(seed).uniform(0, 3, size=(n_frames, n_atoms, 3))
    expected = [
        (f, i, j)
        for f in range(n_frames)
        for i in range(n_atoms)
        for j in range(n_atoms)
        if i != j and np.linalg.norm(positions[f, i] - positions[f, j]) < cutoff
    ]
    assert list(zip(*neighbour_pairs(positions, cutoff), strict=True)) == expected


def test_batch_is_what_graph_pes_makes_of_ase_atoms(data):
    import torch
    from ase import Atoms
    from graph_pes.atomic_graph import AtomicGraph, to_batch

    frames = data.train[1]
    molecule = data.molecules[frames.molecule]
    numbers = molecule.numbers
    batch = batch_graph(molecule, frames.positions, 3.0, torch.float32)
    expected = to_batch([AtomicGraph.from_ase(Atoms(numbers, p), 3.0) for p in frames.positions])
    for name in ("Z", "R", "cell", "batch", "ptr"):
        torch.testing.assert_close(getattr(batch, name), getattr(expected, name))
    assert batch.cutoff == expected.cutoff
    assert batch.other["total_charge"].tolist() == [0.0] * len(frames)
    assert batch.other["total_spin"].tolist() == [1.0] * len(frames)
    pairs, expected_pairs = (
        set(map(tuple, graph.neighbour_list.T.tolist())) for graph in (batch, expected)
    )
    assert pairs == expected_pairs
    assert len(pairs) == batch.neighbour_list.shape[1] == len(batch.neighbour_cell_offsets)


def test_training_graphs_hold_what_reference_energies_leave_of_the_energy(data):
    import torch

    energies = {1: -13.5, 6: -1031.0, 8: -2039.0}
    graphs = labelled_graphs(data.molecules, data.train, energies, 3.0, torch.float32)
    assert len(graphs) == data.n_train
    first = data.train[0]
    numbers = data.molecules[first.molecule].numbers
    left = first.energy[2] - sum(energies[z] for z in numbers.tolist())
    assert abs(float(graphs[2].properties["energy"]) - left) < 1e-6  # float32 of the total: 1e-4
    np.testing.assert_allclose(graphs[2].properties["forces"], first.forces[2], rtol=1e-6)
    frame, i, j = neighbour_pairs(first.positions, 3.0)
    pairs = np.stack([i[frame == 2], j[frame == 2]])
    np.testing.assert_array_equal(graphs[2].neighbour_list, pairs)


@pytest.mark.parametrize(("n_frames", "batch_size"), [(10, 5), (10, 3), (2, 8), (1, 1)])
def test_sampler_uses_every_frame_before_any_twice(n_frames, batch_size):
    steps = 12
    batches = list(StepSampler(n_frames, batch_size, steps, seed=1))
    assert len(batches) == steps
    size = min(batch_size, n_frames)
    assert {len(b) for b in batches} == {size}
    per_pass = n_frames // size
    for start in range(0, steps, per_pass):
        drawn = [i for batch in batches[start : start + per_pass] for i in batch]
        assert len(set(drawn)) == len(drawn)
    assert batches == list(StepSampler(n_frames, batch_size, steps, seed=1))


def test_resumed_loader_goes_on_in_the_order_of_an_uninterrupted_one(data):
    import torch

    graphs = labelled_graphs(data.molecules, data.train, dict.fromkeys((1, 6, 8), 0.0), 3.0,
                             torch.float32)  # fmt: skip
    whole = [batch.R for batch in StepLoader(graphs, 4, 20, seed=3)]
    broken = StepLoader(graphs, 4, 20, seed=3)
    batches = iter(broken)
    begun = [next(batches).R for _ in range(7)]
    resumed = StepLoader(graphs, 4, 20, seed=3)
    resumed.load_state_dict(broken.state_dict())
    rest = [batch.R for batch in resumed]
    assert len(begun) + len(rest) == len(whole) == len(resumed) == 20
    for found, expected in zip(begun + rest, whole, strict=True):
        torch.testing.assert_close(found, expected)
