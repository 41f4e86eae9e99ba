"""Every engine through the same tests, with programs that write files of fixed names."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster
from engines import ONE, TWO
from small_study import small_study
from toy_calculators import ZERO, Pairs
from units import leave_files, listing, nothing, write_and_raise

from mlip_compose.core.evaluating import as_atoms
from mlip_compose.core.records import MINIMUM, PRIMARY, SplitKey
from mlip_compose.datasets.checking.check import check_store
from mlip_compose.datasets.relabel import Relabelling, relabel
from mlip_compose.engine.choice import scheduler_engine
from mlip_compose.engine.in_process import InProcess
from mlip_compose.predictions.calculator import calculator_entry, predict_calculator
from mlip_compose.predictions.file import read_predictions
from mlip_compose.predictions.target import target_of
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.run import run_study
from mlip_compose.studies.shards import Shard, run_shard

PROGRAM = "program_calculators:PairProgram"
NAMES = ("OH-1-H", "F-1-H")
FRAMES = 6
ENGINES = ("this process", "one process", "two processes", "a worker of four threads")


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """Engines by name, whose processes have started in the directory and with the files of others.

    The last is a scheduler with one worker of four threads, as a user may have started it.
    """
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=4, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        scheduler_engine(cluster.scheduler_address, tmp_path_factory.mktemp("seen")) as threads,
    ):
        engines: dict[str, Any] = dict(zip(ENGINES, (InProcess(), ONE, TWO, threads), strict=True))
        for engine in engines.values():
            list(engine.run(nothing, range(2)))
        yield engines


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working directory, beside an empty one for temporary files."""
    for name in ("here", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "here"


@pytest.fixture(params=ENGINES)
def engine(request, engines, here):
    """An engine; what ran in it leaves nothing behind, here or where its workers are."""
    engine = engines[request.param]
    before = set(dict(engine.run(listing, ["."]))["."])
    yield engine
    assert Path.cwd() == here
    assert set(dict(engine.run(listing, ["."]))["."]) == before
    assert not list(here.iterdir())
    assert not list((here.parent / "temporary").iterdir())


def right(molecule, positions):
    atoms = as_atoms(molecule.numbers, positions.astype(float), molecule.charge, molecule.spin)
    energy = Pairs().get_potential_energy(atoms) - ZERO * len(atoms)
    return energy, Pairs().get_forces(atoms)


def check_labels(molecule, positions, energy, forces):
    assert len(energy)
    for geometry, one, three in zip(positions, energy, forces, strict=True):
        expected = right(molecule, geometry)
        assert one == pytest.approx(expected[0], rel=1e-9)
        np.testing.assert_allclose(three, expected[1], rtol=1e-5, atol=1e-6)


def test_every_label_is_that_of_its_frame(engine, toy_store, tmp_path):
    source = Store(toy_store(NAMES, primary=FRAMES, secondary=2))
    request = Relabelling("new", PROGRAM)
    outcome = relabel(source, tmp_path / "new.h5", request, engine, lambda *_: None)
    assert outcome.failures == ()
    assert outcome.frames == len(NAMES) * (FRAMES + 2)
    store = Store(tmp_path / "new.h5")
    for name in NAMES:
        for frames in (store.frames(name, PRIMARY), store.minimum(name)):
            check_labels(store.molecules[name], frames.positions, frames.energy, frames.forces)


def test_every_prediction_is_that_of_its_frame(engine, toy_store):
    store = Store(toy_store(NAMES, primary=FRAMES))
    entry = calculator_entry(PROGRAM, {}, None, "", "pairs")
    target = target_of(store, SplitKey("whole", 2, 0), 10, True)
    predictions = predict_calculator(entry, store.path, target, engine)
    assert predictions.header.failures == {}
    check_predictions(predictions, store)


def check_predictions(predictions, store):
    for (name, trajectory), frames in predictions.frames.items():
        source = store.minimum(name) if trajectory == MINIMUM else store.frames(name, trajectory)
        positions = source.positions[frames.indices]
        check_labels(store.molecules[name], positions, frames.energy, frames.forces)


@pytest.fixture
def two_calculators(toy_store):
    """A study of two rows, each of the same program, on a store."""
    elements = ["H", "C", "O", "F"]
    potentials = [
        {
            "potential": "calculator",
            "settings": {"function": PROGRAM, "elements": elements + more},
            "label": "-".join(["pairs", *more]),
        }
        for more in ([], ["N"])
    ]
    return small_study(
        toy_store(NAMES, primary=FRAMES),
        tasks=("whole",),
        levels=(2,),
        potentials=potentials,
        ceiling=False,
    )


def check_results(outcome, folder, study):
    assert outcome.failures == ()
    files = sorted((folder / "predictions").iterdir())
    assert len(files) == 2
    for file in files:
        check_predictions(read_predictions(file), Store(Path(study.dataset)))


def test_every_prediction_of_a_study_is_that_of_its_frame(two_calculators, tmp_path, here):
    outcome = run_study(two_calculators, ResultsDirectory(tmp_path / "results"), engine=TWO)
    check_results(outcome, tmp_path / "results", two_calculators)
    assert not list(here.iterdir())


def test_every_prediction_of_a_shard_is_that_of_its_frame(two_calculators, tmp_path, here):
    directory = ResultsDirectory(tmp_path / "results")
    outcome = run_shard(two_calculators, Shard(1, 1), directory, InProcess())
    check_results(outcome, tmp_path / "results", two_calculators)
    assert not list(here.iterdir())


def test_a_check_computes_each_frame_in_a_directory_of_its_own(toy_store, here):
    relabel(
        Store(toy_store(NAMES, primary=FRAMES)),
        Path("new.h5"),
        Relabelling("new", PROGRAM),
        InProcess(),
        lambda *_: None,
    )
    report = check_store(Path("new.h5"), sample=6, reference=PROGRAM)
    (anew,) = (check for check in report.checks if check.name == "recomputation")
    assert anew.passed, anew.found
    assert [path.name for path in here.iterdir()] == ["new.h5"]
    assert not list((here.parent / "temporary").iterdir())


def test_each_unit_finds_an_empty_directory(engine):
    outcomes = dict(engine.run(leave_files, range(8)))
    assert outcomes == {number: [f"left-{number}"] for number in range(8)}


def test_what_a_unit_wrote_before_an_error_is_removed(engine):
    with pytest.raises(ZeroDivisionError):
        list(engine.run(write_and_raise, [0]))
