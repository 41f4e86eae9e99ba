import itertools
import os
import pydoc
import random
import signal
import subprocess
import sys
import time

import pytest
from engines import ONE, TWO, InThisProcess

from mlip_compose.core.errors import (
    FailedThroughoutError,
    RequestError,
    UnknownNameError,
    UnwritableError,
)
from mlip_compose.core.records import Failure
from mlip_compose.datasets import build as module
from mlip_compose.datasets.build import build
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.datasets.store_proof import PROOF
from mlip_compose.engine.locks import held
from mlip_compose.store.reader import Store


def silent(molecule, fraction, failure):
    pass


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "one.h5"
    build(recipe, path, ONE, silent)
    return path


def test_a_build_makes_a_store(finished, recipe):
    store = Store(finished)
    store.verify()
    assert set(store.molecules) == {"OH-1-H", "F-1-H", "H-2-H", "F-1-Cl"}
    assert store.n_frames("OH-1-H", "primary") == 3
    assert store.n_frames("OH-1-H", "secondary") == 2
    assert store.n_frames("F-1-Cl", "primary") == 2
    assert store.n_frames("F-1-Cl", "secondary") == 0
    assert all(store.has_minimum(name) for name in store.molecules)
    assert store.header.reference == "gfn2-xtb"
    sampling = dict(store.header.sampling)
    assert set(sampling.pop(PROOF)) == {"proved", "found"}
    assert sampling == recipe.sampling.model_dump(mode="json")
    assert not list(finished.parent.glob("*.parts"))


def test_order_and_number_of_processes_change_no_byte(finished, recipe, tmp_path):
    other = recipe.model_copy(update={"molecules": tuple(reversed(recipe.molecules))})
    build(other, tmp_path / "two.h5", TWO, silent)
    assert (tmp_path / "two.h5").read_bytes() == finished.read_bytes()


def test_some_molecules_of_a_recipe_have_the_frames_of_all(finished, recipe, tmp_path):
    build(recipe.restricted(["F-1-H"]), tmp_path / "some.h5", ONE, silent)
    one, all_ = Store(tmp_path / "some.h5"), Store(finished)
    assert list(one.molecules) == ["F-1-H"]
    assert one.molecule_checksums["F-1-H"] == all_.molecule_checksums["F-1-H"]
    with pytest.raises(UnknownNameError, match="F-9-H"):
        recipe.restricted(["F-9-H"])


SCRIPT = """
import sys
from pathlib import Path
from mlip_compose.datasets.build import build
from mlip_compose.engine.choice import local_engine
from mlip_compose.datasets.recipe import load_recipe
if __name__ == "__main__":
    print("begin", flush=True)
    tell = lambda molecule, fraction, failure: print(molecule, flush=True)
    with local_engine(1) as engine:
        build(load_recipe(sys.argv[1]), Path(sys.argv[2]), engine, tell)
"""


@pytest.fixture
def start(recipe, tmp_path):
    script, document = tmp_path / "script.py", tmp_path / "recipe.yaml"
    script.write_text(SCRIPT)
    document.write_text(recipe.model_dump_json())  # JSON is YAML

    def start(path):
        command = [sys.executable, str(script), str(document), str(path)]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()


def test_a_killed_build_goes_on_and_ends_with_the_same_bytes(finished, recipe, tmp_path, start):
    path = tmp_path / "killed.h5"
    process = start(path)
    for line in process.stdout:  # until the first molecule is there
        if line.strip() not in ("", "begin"):
            break
    time.sleep(random.Random(0).random() * 0.2)
    kill(process)
    assert not path.exists()
    parts = {part.name: part.stat().st_mtime_ns for part in tmp_path.glob("killed.h5.parts/*/*.h5")}
    assert parts
    told = []
    build(recipe, path, ONE, lambda molecule, fraction, failure: told.append(molecule))
    assert path.read_bytes() == finished.read_bytes()
    assert not {f"{name}.h5" for name in told} & set(parts)


@pytest.mark.slow
def test_a_build_killed_at_random_moments_ends_with_the_same_bytes(finished, tmp_path, start):
    path, chance, kills = tmp_path / "killed.h5", random.Random(1), 0
    undisturbed = start(tmp_path / "other.h5")
    assert undisturbed.stdout.readline() == "begin\n"
    since = time.monotonic()
    undisturbed.communicate()
    work = time.monotonic() - since
    while kills < 10:
        process = start(path)
        assert process.stdout.readline() == "begin\n"
        try:
            process.wait(timeout=chance.uniform(0, 0.6 * work))
        except subprocess.TimeoutExpired:
            kill(process)
            kills += 1
            assert not path.exists() or path.read_bytes() == finished.read_bytes()
        else:  # what the runs before left was little
            _, errors = process.communicate()
            assert process.returncode == 0, errors
            assert path.read_bytes() == finished.read_bytes()
            path.unlink()
    path.unlink(missing_ok=True)  # killed between the file's end and its own
    last = start(path)
    _, errors = last.communicate()
    assert last.returncode == 0, errors
    assert path.read_bytes() == finished.read_bytes()
    assert not list(tmp_path.glob("*.parts"))


def test_one_build_at_a_time(recipe, tmp_path):
    with (
        held(tmp_path / "x.h5.parts"),
        pytest.raises(RequestError, match="under way"),
    ):
        build(recipe, tmp_path / "x.h5", ONE, silent)


def test_a_place_that_cannot_be_written_is_refused(recipe, tmp_path):
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(UnwritableError):
        build(recipe, tmp_path / "file" / "x.h5", ONE, silent)


def test_a_full_disk_loses_nothing(finished, recipe, tmp_path):
    honest, path = module.make_part, tmp_path / "full.h5"

    def full(job):
        if str(job) == "F-1-H":
            raise UnwritableError(job.part, OSError(28, "No space left on device"))
        return honest(job)

    with pytest.raises(UnwritableError, match="No space left"):
        build(recipe, path, InThisProcess(full), silent)
    kept = {part.name for part in tmp_path.glob("full.h5.parts/*/*.h5")}
    assert kept
    assert not path.exists()
    told = []
    build(recipe, path, ONE, lambda molecule, fraction, failure: told.append(molecule))
    assert not {f"{name}.h5" for name in told} & kept
    assert path.read_bytes() == finished.read_bytes()


def test_a_molecule_that_fails_is_recorded_and_stops_nothing(recipe, tmp_path):
    honest = module.make_part

    def failing(job):
        if str(job) == "F-1-H":
            return Failure("scf", "F-1-H", "no convergence")
        return honest(job)

    outcome = build(recipe, tmp_path / "some.h5", InThisProcess(failing), silent)
    assert [str(failure) for failure in outcome.failures] == ["scf of F-1-H: no convergence"]
    store = Store(tmp_path / "some.h5")
    assert "F-1-H" not in store.molecules
    assert "H-2-H" in store.molecules
    assert store.header.failures == ("scf of F-1-H: no convergence",)


def test_where_no_molecule_can_be_made_there_is_no_file(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(
        module, "sample_molecule", lambda molecule, *_: Failure("scf", molecule.name, "no energy")
    )
    with pytest.raises(RequestError, match=r"one molecule that can be made; found scf of F-1-Cl"):
        build(recipe, tmp_path / "none.h5", InThisProcess(), silent)
    assert not (tmp_path / "none.h5").exists()


def test_a_worker_that_dies_leaves_a_build_to_be_gone_on_with(finished, recipe, tmp_path):
    honest, path = module.make_part, tmp_path / "some.h5"

    def dying(job):
        if str(job) == "F-1-H":
            return Failure("worker", "F-1-H", "a worker process died", retryable=True)
        return honest(job)

    with pytest.raises(RequestError, match=r"1 parts .* worker of F-1-H.*run the same command"):
        build(recipe, path, InThisProcess(dying), silent)
    assert not path.exists()
    told = []
    build(recipe, path, ONE, lambda molecule, fraction, failure: told.append(molecule))
    assert told == ["", "F-1-H"]
    assert path.read_bytes() == finished.read_bytes()


class Killed(KeyboardInterrupt):
    """The end of a process, at some call of the file system."""


@pytest.mark.parametrize(
    ("function", "call", "appeared"),
    [
        ("pathlib.Path.replace", -2, False),  # the checksum beside the parts
        ("pathlib.Path.replace", -1, False),  # the data set, under its name
        ("shutil.rmtree", 0, True),  # the files of the parts
        ("shutil.rmtree", 1, True),  # and their directory
    ],
)
def test_a_build_killed_in_its_last_steps_is_finished(
    finished, recipe, tmp_path, monkeypatch, function, call, appeared
):
    """Each of the last calls that change the disk is one that a process may not live to make."""
    path = tmp_path / "late.h5"
    calls = counted_calls(
        function, monkeypatch, lambda: build(recipe, path, InThisProcess(), silent)
    )
    path.unlink()
    with pytest.raises(Killed):
        counted_calls(
            function,
            monkeypatch,
            lambda: build(recipe, path, InThisProcess(), silent),
            range(calls)[call],
        )
    assert path.exists() == appeared
    outcome = build(recipe, path, InThisProcess(), silent)
    assert (outcome.molecules, outcome.failures) == (4, ())
    assert outcome.checksum == Store(path).checksum
    assert path.read_bytes() == finished.read_bytes()
    assert not list(tmp_path.glob("late.h5.parts"))


def counted_calls(function, monkeypatch, action, last=None):
    """Do something and return how often it calls a function; die in the place of one call."""
    owner, _, name = function.rpartition(".")
    honest, count = getattr(pydoc.locate(owner), name), itertools.count()

    def counted(*arguments, **options):
        if next(count) == last:
            raise Killed
        return honest(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(function, counted)
        action()
    return next(count)


def test_a_molecule_that_fails_at_every_attempt_is_recorded(recipe, tmp_path):
    """The sampling says that another attempt may end otherwise; no worker has died of it."""
    reason = "bonds changed in frame 1 of primary"

    def failing(job):
        if str(job) == "F-1-H":
            return Failure("topology", "F-1-H", reason, retryable=True)
        return module.make_part(job)

    outcome = build(recipe, tmp_path / "some.h5", InThisProcess(failing), silent)
    assert [str(failure) for failure in outcome.failures] == [f"topology of F-1-H: {reason}"]
    assert "F-1-H" not in Store(tmp_path / "some.h5").molecules


def test_a_recipe_without_molecules_is_refused(recipe, tmp_path):
    with pytest.raises(RequestError, match="at least one molecule"):
        build(recipe.model_copy(update={"molecules": ()}), tmp_path / "x.h5", ONE, silent)


def test_a_file_beside_parts_of_another_build_is_not_taken_for_it(finished, recipe, tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(finished.read_bytes())
    (tmp_path / "x.h5.parts" / recipe.digest).mkdir(parents=True)
    with pytest.raises(RequestError, match="Remove it"):
        build(recipe, path, InThisProcess(), silent)
    assert (tmp_path / "x.h5.parts" / recipe.digest).is_dir()


def test_a_build_replaces_no_file(recipe, tmp_path):
    (tmp_path / "mine.h5").write_text("precious")
    with pytest.raises(RequestError, match="Remove it"):
        build(recipe, tmp_path / "mine.h5", ONE, silent)
    assert (tmp_path / "mine.h5").read_text() == "precious"


def test_progress_grows_to_the_end(recipe, tmp_path):
    fractions = []
    build(recipe, tmp_path / "x.h5", ONE, lambda m, fraction, failure: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == pytest.approx(1.0)


def test_settings_of_the_reference_are_those_of_the_recipe(recipe, tmp_path):
    tight = recipe.model_copy(
        update={"molecules": ("F-1-H",), "reference_settings": {"accuracy": 0.5}}
    )
    assert tight.digest != tight.model_copy(update={"reference_settings": {}}).digest
    build(tight, tmp_path / "x.h5", ONE, silent)
    assert Store(tmp_path / "x.h5").header.reference_settings["accuracy"] == 0.5


def test_the_digest_of_a_recipe_without_settings_does_not_change():
    assert load_recipe("core-v1").digest == "a6bec0c4967d"


@pytest.mark.parametrize(
    ("calculator", "reason"),
    [("EnergyOnly", "no forces. If it computes energies alone"), ("WantsCell", "a cell for")],
)
def test_a_reference_that_fails_throughout_ends_a_build_at_once(
    recipe, tmp_path, calculator, reason
):
    done = []
    failing = recipe.model_copy(
        update={"reference": f"toy_calculators:{calculator}", "reference_settings": {}}
    )
    with pytest.raises(FailedThroughoutError, match=f"the same on every frame: .*{reason}"):
        build(failing, tmp_path / "x.h5", InThisProcess(done.append), silent)
    assert not done
    assert not (tmp_path / "x.h5").exists()
