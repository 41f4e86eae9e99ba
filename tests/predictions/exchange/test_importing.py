"""Predictions of others: matched with frames by what they say, and refused where they are wrong."""

import shutil
from dataclasses import replace
from typing import Any

import ase.io
import numpy as np
import pytest

from mlip_compose.core.errors import (
    ChecksumError,
    CoverageError,
    DataError,
    MissingLabelsError,
    RequestError,
    UnknownNameError,
    UnreadableError,
)
from mlip_compose.core.records import MINIMUM, SplitKey
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.predictions.exchange.importing import PredictionImport, import_predictions
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target, target_of
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

IDENTITY = ("molecule", "trajectory", "frame")


@pytest.fixture
def imported(exported):
    """Return a function that imports paths, with options."""
    store, _ = exported

    def run(*paths, **options):
        row: dict[str, Any] = {
            "name": "theirs",
            "dataset": str(store.path),
            "allow_missing": True,
        } | options
        return import_predictions(paths, PredictionImport(**row))

    return run


def arrays_of(predictions):
    return {
        key: (frames.indices.tolist(), frames.energy.tolist(), frames.forces.tolist())
        for key, frames in predictions.frames.items()
    }


def test_all_that_a_header_needs_is_in_the_frames(predict, imported, exported):
    found = imported(predict())
    header = found.predictions.header
    store, _ = exported
    assert (header.task, header.level, header.seed, header.train_frames) == ("length", 1, 0, 8)
    assert (header.potential, header.role) == ("theirs", "learned")
    assert header.dataset_sha256 == store.checksum
    assert found.parts == ("id", MINIMUM, "ood", "train")
    assert found.failed == 0
    assert set(header.settings["imported"]) == {"train.xyz", "id.xyz", "ood.xyz", "minimum.xyz"}


def test_the_order_of_frames_and_files_makes_no_difference(predict, imported):
    straight = predict()
    turned = predict(lambda images: images[::-1], to="turned")
    for part in ("train", "id", "ood", "minimum"):
        straight_images = ase.io.read(straight / f"{part}.xyz", index=":")
        ase.io.write(turned / f"{part}.xyz", straight_images[::-1], format="extxyz")
    files = sorted(turned.iterdir())[::-1]
    first, second = imported(straight).predictions, imported(*files).predictions
    assert arrays_of(first) == arrays_of(second)


def test_each_number_lands_at_its_frame(predict, imported, exported):
    folder = predict()
    predictions = imported(folder).predictions
    atoms = ase.io.read(folder / "ood.xyz", index="3")
    frames = predictions.frames["OH-8-H", "primary"]
    row = frames.indices.tolist().index(atoms.info["frame"])
    assert frames.energy[row] == atoms.info["MACE_energy"]
    assert np.array_equal(frames.forces[row], atoms.arrays["MACE_forces"])


def test_frames_without_identity_are_found_by_their_positions(predict, imported):
    def anonymous(images):
        for atoms in images:
            for key in IDENTITY:
                del atoms.info[key]
            atoms.positions += 4e-4
        return images

    found = imported(predict(anonymous, to="anonymous"))
    assert arrays_of(found.predictions) == arrays_of(imported(predict()).predictions)


def test_positions_that_two_frames_have_say_nothing(
    toy_store, toy_frames, toy_header, molecule, tmp_path
):
    contents = []
    for name in ("OH-1-H", "OH-2-H", "OH-8-H"):
        kept = molecule(name)
        frames = [toy_frames(kept, part, 5) for part in ("primary", "secondary")]
        contents.append((kept, frames))
    twin = contents[-1][1][0]
    positions = twin.positions.copy()
    positions[4] = positions[2] + 1e-5
    contents[-1][1][0] = replace(twin, positions=positions)
    write_store(tmp_path / "twins.h5", toy_header, contents)
    store = Store(tmp_path / "twins.h5")
    folder = export_data(
        store, tmp_path / "xyz", task=TaskFrames("length", 1, 8, 0, allow_missing=True)
    ).path
    images = ase.io.read(folder / "ood.xyz", index=":")
    for atoms in images:
        atoms.info["X_energy"], atoms.arrays["X_forces"] = 0.0, atoms.arrays["REF_forces"] * 2
        del atoms.info["frame"]
    ase.io.write(tmp_path / "ood.xyz", images, format="extxyz")
    row = PredictionImport("x", dataset=str(store.path), allow_missing=True)
    with pytest.raises(CoverageError, match="several frames of OH-8-H, primary have these") as said:
        import_predictions([tmp_path / "ood.xyz"], row)
    assert "2 wrong" in str(said.value)


def test_failed_predictions_are_counted_and_named(predict, imported):
    def fail(images):
        images[0].info["MACE_energy"] = np.nan
        images[1].arrays["MACE_forces"][0, 0] = np.inf
        return images

    found = imported(predict(fail))
    assert found.failed == 8
    ((count, first),) = found.predictions.header.failures.values()
    assert count == 8
    assert first.startswith("OH-1-H/")
    for frames in found.predictions.frames.values():  # all of a frame or nothing
        lost = np.isnan(frames.energy)
        assert np.array_equal(lost, np.isnan(frames.forces).all(axis=(1, 2)))
        assert np.isfinite(frames.forces[~lost]).all()


def test_without_training_frames_and_minima_there_are_fewer_numbers(predict, imported, exported):
    store, _ = exported
    scores = {}
    for parts in (("id", "ood"), ("train", "id", "ood", "minimum")):
        predictions = imported(predict(parts=parts, to="-".join(parts))).predictions
        target = target_of(store, SplitKey("length", 1, 0), 8, allow_missing=True)
        radius = certify_target(store, target).coverage_radius
        scores[len(parts)] = score_predictions(predictions, store, target, radius)
    few, all_there = scores[2], scores[4]
    assert few.metric("forces_mae").ood is not None
    assert few.energy_offsets is None
    assert few.metric("energy_mae_per_atom_offset").ood is None
    assert all_there.metric("energy_mae_per_atom_offset").ood is not None
    assert all_there.reactions
    assert not few.reactions


def test_validation_frames_are_taken_and_not_used(predict, imported, exported):
    parts = ("train", "validation", "id", "ood")
    predictions = imported(predict(parts=parts)).predictions
    frames = predictions.frames["OH-1-H", "secondary"]
    assert frames.indices.tolist() == [1, 2, 3, 4]  # 0 is for validation


def rename(images):
    images[1].info["molecule"] = "OH-99-H"
    return images


def move(images):
    images[1].positions[0, 0] += 0.01
    return images


def swap(images):
    images[1] = images[1][::-1]
    return images


def relabel(images):
    images[1].info["frame"] = 77
    return images


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, "no molecule 'OH-99-H' in toy"),
        (move, "other positions than OH-"),
        (swap, "the atoms of OH-8-H in another order"),
        (relabel, r"no frame OH-8-H/primary/77 in toy"),
        (lambda images: images[:2] + images[3:], r"1 missing: OH-8-H/primary/2"),
        (lambda images: [*images, images[4]], r"1 predicted twice: OH-8-H/primary/4"),
    ],
)
def test_wrong_frames_are_named(predict, imported, change, message):
    folder = predict()
    changed = predict(change, parts=("ood",), to="changed")
    shutil.copy(changed / "ood.xyz", folder / "ood.xyz")
    with pytest.raises(CoverageError, match=message):
        imported(folder)


def test_surplus_frames_are_named_and_many_are_counted(predict, imported, exported, tmp_path):
    store, _ = exported
    everything = export_data(store, tmp_path / "all", molecules=("OH-2-H",)).path
    images = ase.io.read(everything / "primary.xyz", index=":")
    for atoms in images:
        atoms.info["MACE_energy"], atoms.arrays["MACE_forces"] = 0.0, atoms.positions
    ase.io.write(tmp_path / "more.xyz", images, format="extxyz")
    folder = predict(parts=("id", "ood"))
    with pytest.raises(CoverageError, match=r"2 surplus: OH-2-H/primary/\d \(.*more.xyz") as said:
        imported(folder, tmp_path / "more.xyz")
    assert "missing" in str(said.value)  # training frames of the other molecule
    (folder / "id.xyz").unlink()
    (tmp_path / "more.xyz").unlink()
    (folder / "id.xyz").write_bytes((folder / "ood.xyz").read_bytes())
    with pytest.raises(CoverageError, match=r"8 missing: OH-1-H/secondary/1, "):
        imported(folder)


def test_the_first_ten_are_shown(predict, imported):
    def shift(images):
        for atoms in images:
            atoms.positions *= 1.05
        return images

    with pytest.raises(CoverageError, match="and 15 more") as said:
        imported(predict(shift))
    assert str(said.value).count("other positions") == 10


def test_frames_of_other_data_are_refused(predict, imported):
    def other(images):
        for atoms in images:
            atoms.info["dataset_sha256"] = "f" * 64
        return images

    with pytest.raises(ChecksumError, match="ffffffffffff"):
        imported(predict(other))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"level": 2}, RequestError, "2 in the command, 1 in"),
        ({"task": "transfer"}, RequestError, "'length' in"),
        ({"seed": 3}, RequestError, "one seed"),
        ({"train_frames": 9}, RequestError, "one train_frames"),
        ({"name": "a/b"}, RequestError, "a name of letters"),
        ({"energy_key": "MACE_energy"}, RequestError, "both --energy-key"),
        ({"energy_key": "a", "forces_key": "b"}, DataError, "no a and no b"),
        ({"energy_unit": "ev"}, UnknownNameError, "Did you mean 'eV'"),
        ({"dataset": "toy-v1"}, UnknownNameError, "toy-v1"),
        ({"dataset": None}, RequestError, "--dataset"),
        ({"dataset": "mini-v1"}, ChecksumError, "those of toy"),
        ({"allow_missing": False}, CoverageError, "--allow-missing"),
    ],
)
def test_options_that_disagree_are_refused(predict, imported, options, error, message):
    with pytest.raises(error, match=message):
        imported(predict(), **options)


def test_what_nothing_says_is_asked_for(predict, imported, exported):
    said = {"task": "length", "level": 1, "train_frames": 8}

    def silent(images):
        for atoms in images:
            for key in ("dataset", "dataset_sha256", "seed", *said):
                del atoms.info[key]
        return images

    folder = predict(silent)
    for absent in said:
        rest = {key: value for key, value in said.items() if key != absent}
        with pytest.raises(RequestError, match=f"--{absent.replace('_', '-')}"):
            imported(folder, **rest)
    with pytest.raises(RequestError, match="--dataset"):
        imported(folder, **said, dataset=None)
    assert imported(folder, **said).predictions.header.task == "length"
    _, export = exported
    by_document = imported(folder, export / "split.json").predictions.header
    assert (by_document.level, by_document.train_frames) == (1, 8)
    shutil.copy(export / "split.json", folder)
    assert imported(folder).predictions.header == by_document


def test_a_frozen_data_set_is_known_by_its_checksum(tmp_path):
    store = open_dataset("mini-v1")
    folder = export_data(store, tmp_path / "xyz", task=TaskFrames("length", 1, 60, 0)).path
    images = ase.io.read(folder / "id.xyz", index=":")
    for atoms in images:
        atoms.info["a_energy"], atoms.arrays["a_forces"] = 0.0, atoms.positions
    ase.io.write(tmp_path / "id.xyz", images, format="extxyz")
    with pytest.raises(CoverageError, match=r"in mini-v1, .* 2400 missing: "):
        import_predictions([tmp_path / "id.xyz"], PredictionImport("x"))


def test_labels_are_no_predictions(predict, imported, exported):
    _, folder = exported
    with pytest.raises(UnreadableError, match="only the labels"):
        imported(folder)
    with pytest.raises(MissingLabelsError, match="only the labels"):
        imported(folder / "id.xyz")
    keys = {"energy_key": "REF_energy", "forces_key": "REF_forces"}
    with pytest.raises(RequestError, match="energies and forces are the same in every frame"):
        imported(predict(), **keys)
    with pytest.raises(RequestError, match="labels of the data set: forces are the same"):
        imported(predict(), energy_key="MACE_energy", forces_key="REF_forces")


def test_files_of_a_directory_that_are_no_predictions_are_left_and_named(
    predict, imported, exported
):
    _, export = exported
    folder = predict()
    shutil.copy(export / "validation.xyz", folder)
    (folder / "log.txt").write_text("words")
    left = dict(imported(folder).skipped)
    assert {path.name for path in left} == {"validation.xyz", "log.txt"}
    assert "only the labels" in left[folder / "validation.xyz"]


@pytest.mark.parametrize("what", ["nowhere", "empty"])
def test_nothing_to_import(imported, tmp_path, what):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableError):
        imported(tmp_path / what)
