"""The gallery of a small made-up study: whose frames, which forces, and when it is made anew."""

import numpy as np
import pytest

from mlip_compose.core.errors import SchemaError, UnreadableError
from mlip_compose.core.records import FrameSelection, PredictedFrames, Split, SplitKey
from mlip_compose.evaluation.gallery import decode
from mlip_compose.predictions.file import PredictionHeader, Predictions, write_predictions
from mlip_compose.predictions.target import Target
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.gallery import GalleryRow, read_gallery, update_gallery

SELECTION = FrameSelection(
    train={"OH-2-H": np.arange(2)},
    validation={"OH-2-H": np.arange(2)},
    id={"OH-2-H": np.arange(3, 6)},
    ood={"OH-4-H": np.arange(5)},
)
SHIFT = {"first": [0.01, 0.05, 0.02, 0.03, 0.04], "scale": [0.5, 0.4, 0.3, 0.2, 0.1]}


@pytest.fixture(scope="module")
def store():
    return open_dataset("mini-v1")


@pytest.fixture
def directory(tmp_path):
    return ResultsDirectory(tmp_path)


def target(potential, seed=0, task="length"):
    split = Split(task, 1, train=("OH-2-H",), ood=("OH-4-H",))
    name = SplitKey(task, 1, seed).file_name(potential)
    return GalleryRow(Target(name, split, seed, SELECTION), 1, potential)


def predict(store, directory, potential, role, seed=0, factor=1.0, fails=()):
    """Write predictions that are off by a shift of every component, by frame."""
    row = target(potential, seed)
    frames = []
    for part, name, trajectory, indices in SELECTION.wanted():
        if part not in ("id", "ood"):
            continue
        reference = store.frames(name, trajectory, indices)
        shift = factor * np.array(SHIFT[potential][: len(indices)])
        forces = reference.forces + shift[:, None, None]
        forces[list(fails) if part == "ood" else []] = np.nan
        frames.append(PredictedFrames(name, trajectory, indices, reference.energy, forces))
    header = PredictionHeader(
        potential=potential,
        role=role,
        settings={},
        seed=seed,
        dataset=store.name,
        dataset_sha256=store.checksum,
        reference=store.reference,
        task="length",
        level=1,
        train_frames=2,
        software={},
    )
    sums = dict.fromkeys(store.molecules, "")
    write_predictions(directory.predictions(row.target.id), Predictions(header, frames, sums))
    return row


def values(gallery, store):
    """Return positions, reference forces and what is kept of each potential, Angstrom and eV."""
    (member,) = gallery.sets
    rows = sum(store.molecules[m.molecule].n_atoms * len(m.frames) for m in member.members)
    return decode(member.values).reshape(2 + len(member.potentials), rows, 3) / 1000.0


def test_frames_of_every_tested_molecule_with_all_potentials(store, directory):
    wanted = [predict(store, directory, "scale", "scale")]
    wanted += [predict(store, directory, "first", "learned")]
    gallery, made = update_gallery(wanted, store, directory)
    assert made
    assert read_gallery(directory) == gallery
    (member,) = gallery.sets
    assert [p.name for p in member.potentials] == ["first", "scale"]  # learned first
    assert [(m.molecule, m.part) for m in member.members] == [("OH-2-H", "id"), ("OH-4-H", "ood")]
    assert [[(f.frame, f.why) for f in m.frames] for m in member.members] == [
        [(5, "median"), (4, "largest")],
        [(3, "median"), (1, "largest")],
    ]
    assert member.members[1].frames[1].errors == (50.0, 400.0)  # meV/Angstrom
    assert member.members[0].novel == ()
    assert len(member.members[1].novel) > 0
    assert member.clipped == 0

    positions, forces, first, scale = values(gallery, store)
    reference = store.frames("OH-4-H", "primary", np.array([3, 1]))
    atoms = store.molecules["OH-4-H"].n_atoms
    of_ood = slice(-2 * atoms, None)
    assert np.abs(positions[of_ood] - reference.positions.reshape(-1, 3)).max() <= 0.00051
    assert np.abs(forces[of_ood] - reference.forces.reshape(-1, 3)).max() <= 0.00051
    assert np.allclose(first[of_ood], np.repeat([0.03, 0.05], atoms)[:, None], atol=0.00051)
    of_scale = scale[of_ood] - forces[of_ood]  # the forces themselves
    assert np.allclose(of_scale, np.repeat([0.2, 0.4], atoms)[:, None], atol=0.0011)
    graph = next(m for m in gallery.molecules if m.name == "OH-4-H")
    assert graph.smiles == "CCCCO"
    assert len(graph.bonds) == len(graph.numbers) - 1


def test_it_is_made_anew_when_predictions_change_and_only_then(store, directory):
    wanted = [predict(store, directory, "first", "learned")]
    first, made = update_gallery(wanted, store, directory)
    before = directory.gallery.read_bytes()
    assert made
    assert update_gallery(wanted, store, directory) == (first, False)
    directory.gallery.write_bytes(before[:-50])
    assert update_gallery(wanted, store, directory) == (first, True)
    assert directory.gallery.read_bytes() == before
    predict(store, directory, "first", "learned", factor=2.0)
    again, made = update_gallery(wanted, store, directory)
    assert made
    assert again.sets[0].members[1].frames[1].errors == (100.0,)
    directory.gallery.unlink()
    assert update_gallery(wanted, store, directory) == (again, True)


def test_of_several_seeds_the_first_is_shown(store, directory):
    wanted = [predict(store, directory, "first", "learned", seed) for seed in (3, 4)]
    gallery, _ = update_gallery(wanted, store, directory)
    assert [(member.seed, len(member.potentials)) for member in gallery.sets] == [(3, 1)]
    assert list(gallery.sources) == ["length_L1_first_s3"]


def test_failed_predictions_are_none_and_the_worst(store, directory):
    wanted = [predict(store, directory, "first", "learned", fails=(2,))]
    gallery, _ = update_gallery(wanted, store, directory)
    frames = gallery.sets[0].members[1].frames
    assert [(f.frame, f.errors) for f in frames] == [(4, (40.0,)), (2, (None,))]
    atoms = store.molecules["OH-4-H"].n_atoms
    assert (values(gallery, store)[2][-atoms:] == -32.768).all()


def test_forces_too_large_for_their_place_are_clipped_and_counted(store, directory):
    wanted = [predict(store, directory, "first", "learned", factor=1000.0)]
    gallery, _ = update_gallery(wanted, store, directory)
    atoms = store.molecules["OH-4-H"].n_atoms
    assert gallery.sets[0].clipped == 3 * atoms * 1 + 3 * store.molecules["OH-2-H"].n_atoms
    assert values(gallery, store)[2].max() == 32.767


def test_a_study_without_predictions_has_an_empty_gallery(store, directory):
    gallery, made = update_gallery([], store, directory)
    assert made
    assert gallery.sets == ()


def test_reading_what_is_absent_or_damaged(directory):
    assert read_gallery(directory) is None
    directory.gallery.write_text('{"schema_version": 9}')
    with pytest.raises(SchemaError, match="gallery"):
        read_gallery(directory)
    directory.gallery.unlink()
    directory.gallery.mkdir()
    with pytest.raises(UnreadableError, match=r"the gallery of a study .*; found Is a directory"):
        read_gallery(directory)


def test_of_an_archive_potentials_that_the_kept_set_lacks_are_left_out(store, directory):
    first, scale = predict(store, directory, "first", "learned"), target("scale")
    before, _ = update_gallery([first], store, directory)
    directory.predictions(first.target.id).unlink()
    archived = {row.target.id: "c0ffee" for row in (first, scale)}
    gallery, made = update_gallery([first, scale], store, directory, archived)
    assert made
    assert gallery.sets == before.sets
    directory.gallery.unlink()
    assert update_gallery([first], store, directory, archived)[0].sets == ()
