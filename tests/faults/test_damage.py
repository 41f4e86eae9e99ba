"""Every file of results damaged in every way: named, kept, and made anew as it was."""

import shutil
import signal
import time

import pytest
from engines import ONE, InThisProcess

from faults import Command, content, run
from mlip_compose.core.errors import UnwritableError
from mlip_compose.datasets import build as module
from mlip_compose.datasets.recipe import load_recipe

RUN = ("run", "study.yaml", "--out", "results", "-j", "1")
FILES = {  # what is damaged, and what goes with it so that it is needed
    "trainings/length_additive*/unit.json": (),
    "trainings/length_additive*/model/model.json": ("predictions/*_additive*",),
    "trainings/length_additive*/model/model.npz": ("predictions/*_additive*",),
    "trainings/length_additive*": ("predictions/*_additive*",),
    "predictions/*_additive*": (),
    "scores/*_additive*": (),
    "certificates/*": (),
    "results.json": (),
    "gallery.json": (),
    "report.html": (),
}
WAYS = ("truncated", "emptied", "garbage", "replaced by a directory")
OWN = "what somebody put there"


def damage(path, way):
    before = path.read_bytes() if path.is_file() else b"a directory that is a file now"
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if way == "replaced by a directory":
        path.mkdir()
        (path / "own.txt").write_text(OWN)
        return
    changed = {"truncated": before[: len(before) // 2], "emptied": b""}
    path.write_bytes(changed.get(way, bytes(range(256)) * 8))


def damaged_run(undisturbed, results, pattern, way):
    """Damage what a pattern finds; return what a run says, which ends with the same results."""
    (path,) = results.glob(pattern)
    for other in FILES[pattern]:
        (follower,) = results.glob(other)
        follower.unlink()
    damage(path, way)
    kept = path.read_bytes() if path.is_file() else None
    status, _, err = run(results.parent, *RUN)
    assert status == 0, err
    assert content(results) == content(undisturbed / "results")
    if kept is not None:
        assert "is damaged" in err
        assert path.relative_to(results).parts[1 if "/" in pattern else 0] in err
        assert any(file.read_bytes() == kept for file in files_in(results / "damaged"))
    if way == "replaced by a directory":
        everywhere = [file.read_bytes() for file in files_in(results) if file.name == "own.txt"]
        assert everywhere == [OWN.encode()]
    return err


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_damaged_predictions_are_made_anew(undisturbed, results):
    damaged_run(undisturbed, results, "predictions/*_additive*", "truncated")
    status, _, err = run(results.parent, *RUN)
    assert status == 0
    assert "damaged" not in err
    assert "Nothing was missing" in err


@pytest.mark.slow
@pytest.mark.parametrize("pattern", FILES)
def test_every_damaged_file_is_made_anew(undisturbed, results, pattern):
    pristine = results.parent / "pristine"
    shutil.copytree(results, pristine)
    for way in WAYS:
        shutil.rmtree(results)
        shutil.copytree(pristine, results)
        damaged_run(undisturbed, results, pattern, way)


def test_what_only_a_run_can_make_is_refused_by_name_elsewhere(results):
    (results / "results.json").write_text("{")
    status, _, err = run(results.parent, "report", "results")
    assert status == 2
    assert "results.json" in err
    assert "mlip-compose run" in err


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_part_of_a_build_is_made_anew(built, place, way):
    def full(job):
        if str(job) == "F-1-H":  # the smallest, and so the last
            raise UnwritableError(job.part, OSError(28, "No space left on device"))
        return module.make_part(job)

    recipe = load_recipe(str(place / "recipe.yaml"))
    with pytest.raises(UnwritableError):
        module.build(recipe, place / "built.h5", InThisProcess(full), lambda *_: None)
    first, *_ = sorted(place.glob("built.h5.parts/*/*.h5"))
    damage(first, way)
    told = []
    module.build(recipe, place / "built.h5", ONE, lambda name, *_: told.append(name))
    assert first.stem in told
    assert (place / "built.h5").read_bytes() == built.read_bytes()


LEARNED = """
name: tiny
dataset: tiny.h5
tasks: [length]
levels: [1]
potentials: [{potential: schnet-small, settings: {steps: 40, validations: 8, batch_size: 2}}]
train_frames: 20
allow_missing: true
"""


@pytest.fixture(scope="module")
def learned(undisturbed, tmp_path_factory):
    """Return the score of a training that nobody disturbed, and a checkpoint of it half-way."""
    pytest.importorskip("graph_pes")
    folder = tmp_path_factory.mktemp("learned")
    shutil.copy(undisturbed / "tiny.h5", folder)
    (folder / "study.yaml").write_text(LEARNED)
    status, _, err = run(folder, *RUN)
    assert status == 0, err
    (score,) = folder.glob("results/scores/*")
    return score


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_checkpoint_is_set_aside(learned, place, way):
    (place / "study.yaml").write_text(LEARNED)
    command = Command(place, *RUN)
    while not (checkpoints := list(place.glob("results/work/*/fit/checkpoints/*.ckpt"))):
        assert command.process.poll() is None
        time.sleep(0.005)
    command.send(signal.SIGKILL)
    command.ended()
    if not checkpoints[0].exists():
        pytest.skip("the training ended before it could be killed")
    damage(checkpoints[0], way)
    status, _, err = run(place, *RUN)
    assert status == 0, err
    assert f"{checkpoints[0].name} is damaged" in err
    (score,) = place.glob("results/scores/*")
    assert score.read_bytes() == learned.read_bytes()
