import numpy as np
import pytest

from mlip_compose.evaluation.offsets import fit_offsets, total_offset


def test_offsets_that_the_labels_determine_are_found(molecule, compare):
    truth = {1: 0.5, 6: -2.0, 8: 7.0}  # eV, what the prediction lacks
    names = ["H-1-H", "H-3-H", "OH-2-H", "OH-1-OH"]
    training = [
        compare(m, "train", np.full(3, -total_offset(m, truth))) for m in map(molecule, names)
    ]
    assert fit_offsets(training) == pytest.approx(truth)


def test_undetermined_offsets_have_the_least_norm(molecule, compare):
    # One molecule, CH4, 1.7 eV too low: c_C + 4 c_H = 1.7, shortest at (1, 4) x 0.1.
    offsets = fit_offsets([compare(molecule("H-1-H"), "train", [-1.7, -1.7])])
    assert offsets == pytest.approx({1: 0.4, 6: 0.1})


def test_frames_weigh_equally_and_their_number_does_not_change_the_norm(molecule, compare):
    hydrogens = [molecule("H-1-H", [1]), molecule("H-2-H", [1])]
    training = [
        compare(hydrogens[0], "train", [-4.0]),
        compare(hydrogens[1], "train", [0.0, 0.0, 0.0]),
    ]
    assert fit_offsets(training) == pytest.approx({1: 1.0})


def test_failed_frames_are_left_out(molecule, compare):
    hydrogen = molecule("H-1-H", [1])
    assert fit_offsets([compare(hydrogen, "train", [-4.0, np.nan])]) == pytest.approx({1: 4.0})
    assert fit_offsets([compare(hydrogen, "train", [np.nan])]) is None


def test_training_labels_alone_are_used(molecule, compare):
    training = [compare(molecule("OH-2-H"), "train", [0.3, 0.1])]
    offsets = fit_offsets(training)
    others = [
        compare(molecule(name), part, [-50.0, 20.0])
        for name, part in [("OH-2-H", "validation"), ("OH-2-H", "id"), ("OH-8-H", "ood")]
    ]
    assert fit_offsets([*others, *training]) == offsets
    assert fit_offsets(others) is None


def test_an_element_that_training_lacks_adds_nothing(molecule):
    assert total_offset(molecule("F-1-H"), {1: 1.0, 6: 10.0}) == pytest.approx(13.0)
