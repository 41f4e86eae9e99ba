import os
import signal
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
from engines import ONE, TWO, InThisProcess

from mlip_compose.core.errors import (
    CoverageError,
    FailedThroughoutError,
    RequestError,
    UnknownNameError,
)
from mlip_compose.core.records import Failure
from mlip_compose.datasets import relabel as module
from mlip_compose.datasets.compare_references import compare_references
from mlip_compose.datasets.relabel import ORIGIN, Relabelling, relabel, spread
from mlip_compose.datasets.resumable_parts import CHECKSUM, finished_before, parts_of
from mlip_compose.datasets.store_proof import PROOF
from mlip_compose.references.base import Label
from mlip_compose.references.registry import get_reference
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

MINI = open_dataset("mini-v1")
TBLITE = "tblite.ase:TBLite"
GFN1 = Relabelling(
    "other",
    TBLITE,
    {"method": "GFN1-xTB", "verbosity": 0},
    molecules=("OH-1-H", "F-1-H"),
    primary=12,
    secondary=2,
)


def silent(group, fraction, failure):
    pass


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "one.h5"
    relabel(MINI, path, GFN1, ONE, silent)
    return path


@pytest.mark.parametrize(
    ("available", "wanted", "expected"),
    [(10, 2, [2, 7]), (3, 3, [0, 1, 2]), (3, 9, [0, 1, 2]), (4, None, [0, 1, 2, 3]), (5, 0, [])],
)
def test_frames_are_spread_evenly(available, wanted, expected):
    assert list(spread(available, wanted)) == expected


def test_labels_are_those_of_the_reference_at_the_frames_of_the_source(finished):
    store = Store(finished)
    store.verify()
    assert set(store.molecules) == {"OH-1-H", "F-1-H"}
    reference = get_reference(GFN1.reference, GFN1.settings)
    chosen = store.header.sampling[ORIGIN]["frames"]["OH-1-H"]
    for trajectory, count in (("primary", 12), ("secondary", 2)):
        indices = np.array(chosen[trajectory])
        frames = store.frames("OH-1-H", trajectory)
        source = MINI.frames("OH-1-H", trajectory, indices)
        assert len(frames) == count == len(set(indices))
        np.testing.assert_array_equal(frames.positions, source.positions)
        label = reference.label(MINI.molecules["OH-1-H"].numbers, source.positions[1].astype(float))
        assert frames.energy[1] == label.energy
        np.testing.assert_array_equal(frames.forces[1], label.forces.astype(np.float32))
        assert abs(frames.energy - source.energy).min() > 1.0


def test_the_header_says_what_was_labelled_with_what(finished):
    header = Store(finished).header
    assert header.name == "other"
    assert header.reference == TBLITE
    assert header.reference_settings == {"calculator": TBLITE, "arguments": dict(GFN1.settings)}
    assert {"ase", "tblite", "mlip-compose"} <= set(header.software)
    sampling = dict(header.sampling)
    origin, proof = sampling.pop(ORIGIN), sampling.pop(PROOF)
    assert proof["proved"] is True
    assert "24 frames of 2 molecules" in proof["found"]
    assert sampling == MINI.header.sampling
    assert origin["dataset"] == "mini-v1"
    assert origin["sha256"] == MINI.checksum
    assert origin["reference"] == "gfn2-xtb"


def test_the_minimum_keeps_its_geometry_and_gets_forces(finished):
    found, source = Store(finished).minimum("F-1-H"), MINI.minimum("F-1-H")
    np.testing.assert_array_equal(found.positions, source.positions)
    assert not source.forces.any()
    reference = get_reference(GFN1.reference, GFN1.settings)
    label = reference.label(MINI.molecules["F-1-H"].numbers, source.positions[0].astype(float))
    assert abs(label.forces).max() > 0.01
    np.testing.assert_array_equal(found.forces[0], label.forces.astype(np.float32))


def test_the_same_reference_gives_the_same_labels_and_a_minimum_at_rest(tmp_path):
    request = Relabelling("same", "gfn2-xtb", molecules=("Cl-1-H",), secondary=0)
    relabel(MINI, tmp_path / "same.h5", request, ONE, silent)
    store = Store(tmp_path / "same.h5")
    found, source = store.frames("Cl-1-H", "primary"), MINI.frames("Cl-1-H", "primary")
    np.testing.assert_allclose(found.energy, source.energy, atol=1e-6)
    np.testing.assert_allclose(found.forces, source.forces, atol=1e-5)
    assert not store.minimum("Cl-1-H").forces.any()


def test_the_number_of_processes_changes_no_byte(finished, tmp_path):
    relabel(MINI, tmp_path / "two.h5", GFN1, TWO, silent)
    assert (tmp_path / "two.h5").read_bytes() == finished.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["two.h5"]


SCRIPT = """
import sys, pathlib
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.engine.choice import local_engine
from mlip_compose.datasets.relabel import Relabelling, relabel

def watch(group, fraction, failure):
    print(group or "begin", flush=True)

if __name__ == "__main__":
    request = Relabelling("other", "tblite.ase:TBLite", {"method": "GFN1-xTB", "verbosity": 0},
        molecules=("OH-1-H", "F-1-H"), primary=12, secondary=2)
    with local_engine(1) as engine:
        relabel(open_dataset("mini-v1"), pathlib.Path(sys.argv[1]), request, engine, watch)
"""


def test_what_was_killed_goes_on_and_ends_with_the_same_bytes(finished, tmp_path):
    script, path = tmp_path / "script.py", tmp_path / "killed.h5"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:  # until the first group is there
        if line.strip() not in ("", "begin"):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not path.exists()
    parts = list(tmp_path.glob("killed.h5.parts/*/*.h5"))
    assert parts
    told = []
    relabel(MINI, path, GFN1, ONE, lambda group, fraction, failure: told.append(group))
    assert path.read_bytes() == finished.read_bytes()
    assert len(told) == 1 + 8 - len(parts)  # 2 molecules with 2 + 1 groups and a minimum
    assert not path.with_name("killed.h5.parts").exists()


def test_other_settings_use_no_labels_of_a_run_that_was_stopped(tmp_path):
    path = tmp_path / "x.h5"

    def stop(group, fraction, failure):
        if group:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relabel(MINI, path, GFN1, InThisProcess(), stop)
    told = []
    other = Relabelling("x", "gfn2-xtb", {"accuracy": 5.0}, GFN1.molecules, 2, 0)
    relabel(
        MINI, path, other, InThisProcess(), lambda group, fraction, failure: told.append(fraction)
    )
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert Store(path).header.reference_settings["accuracy"] == 5.0


class Broken:
    """GFN2-xTB that fails where a molecule has fluorine, or at some calls."""

    def __init__(self, elements=(9,), every=0):
        self._honest = get_reference("gfn2-xtb")
        self._elements, self._every, self._calls = elements, every, 0

    def __getattr__(self, name):
        return getattr(self._honest, name)

    def label(self, numbers, positions, charge=0, spin=1):
        self._calls += 1
        if set(self._elements) & set(numbers) or (self._every and self._calls % self._every == 0):
            return Failure("scf", "it", "no convergence")
        return Label(float(self._calls), np.full(positions.shape, 0.5))


def broken(monkeypatch, **how):
    reference = Broken(**how)
    monkeypatch.setattr(module, "get_reference", lambda name, settings: reference)


def test_frames_that_fail_are_recorded_and_left_out(tmp_path, monkeypatch):
    broken(monkeypatch, elements=(), every=5)
    request = Relabelling("x", "gfn2-xtb", molecules=("OH-1-H",), primary=12, secondary=0)
    outcome = relabel(MINI, tmp_path / "x.h5", request, InThisProcess(), silent)
    store = Store(tmp_path / "x.h5")
    assert outcome.failures == store.header.failures
    assert len(outcome.failures) == 2
    kept = store.header.sampling[ORIGIN]["frames"]["OH-1-H"]["primary"]
    lost = sorted(set(spread(40, 12)) - set(kept))
    assert [f"label of OH-1-H primary {i}: scf: no convergence" for i in lost] == sorted(
        outcome.failures
    )
    frames = store.frames("OH-1-H", "primary")
    np.testing.assert_array_equal(
        frames.positions, MINI.frames("OH-1-H", "primary", np.array(kept)).positions
    )
    assert outcome.frames == len(frames) == 10


def test_a_molecule_without_any_label_is_left_out(tmp_path, monkeypatch):
    broken(monkeypatch)
    request = Relabelling("x", "gfn2-xtb", molecules=("OH-1-H", "F-1-H"), primary=1, secondary=0)
    outcome = relabel(MINI, tmp_path / "x.h5", request, InThisProcess(), silent)
    assert set(Store(tmp_path / "x.h5").molecules) == {"OH-1-H"}
    assert outcome.failures[-1] == (
        "label of F-1-H: no frame left, so that it is not in the data set"
    )


def test_where_nothing_can_be_labelled_there_is_no_file(tmp_path, monkeypatch):
    broken(monkeypatch)
    request = Relabelling("x", "gfn2-xtb", molecules=("F-1-H",), primary=1, secondary=0)
    with pytest.raises(FailedThroughoutError, match="no convergence"):
        relabel(MINI, tmp_path / "x.h5", request, InThisProcess(), silent)
    assert not (tmp_path / "x.h5").exists()


@pytest.mark.parametrize(
    ("calculator", "reason"),
    [("EnergyOnly", "no forces. If it computes energies alone"), ("WantsCell", "a cell for")],
)
def test_a_reference_that_fails_throughout_ends_at_once(tmp_path, calculator, reason):
    done = []
    request = Relabelling("x", f"toy_calculators:{calculator}", molecules=("OH-1-H", "F-1-H"))
    with pytest.raises(FailedThroughoutError, match=f"the same on every frame: .*{reason}"):
        relabel(MINI, tmp_path / "x.h5", request, InThisProcess(done.append), silent)
    assert not done
    assert not (tmp_path / "x.h5").exists()


def test_numerical_forces_of_a_reference_are_on_request_and_said_in_the_header(tmp_path):
    settings = {"numerical_forces": True}
    request = Relabelling(
        "x", "toy_calculators:EnergyOnly", settings, molecules=("OH-1-H",), primary=2, secondary=0
    )
    relabel(MINI, tmp_path / "x.h5", request, InThisProcess(), silent)
    store = Store(tmp_path / "x.h5")
    assert store.header.reference_settings["arguments"] == settings
    assert np.isfinite(store.frames("OH-1-H", "primary").forces).all()


def test_workers_that_die_are_no_failures_of_the_reference(tmp_path, monkeypatch):
    dead = Failure("worker", "OH-1-H", "died", retryable=True)
    with pytest.raises(RequestError, match="run the same command again"):
        relabel(MINI, tmp_path / "x.h5", GFN1, InThisProcess(lambda group: dead), silent)
    assert not (tmp_path / "x.h5").exists()


def test_no_file_is_replaced_and_unknown_molecules_are_named(tmp_path):
    path = tmp_path / "mine.h5"
    path.write_text("precious")
    with pytest.raises(RequestError, match="Remove it"):
        relabel(MINI, path, GFN1, ONE, silent)
    assert path.read_text() == "precious"
    wrong = Relabelling("x", "gfn2-xtb", molecules=("OH-99-H",))
    with pytest.raises(UnknownNameError, match="'OH-9-H'"):
        relabel(MINI, tmp_path / "x.h5", wrong, ONE, silent)


def test_comparison_finds_the_same_frames(finished):
    store = Store(finished)
    found = compare_references(MINI, store)
    assert (found.first, found.second) == ("gfn2-xtb", TBLITE)
    assert set(found.families) == {"OH", "F", "all"}
    one = found.families["OH"]
    assert (one.molecules, one.frames) == (1, 14)
    differences, energies = [], []
    for trajectory, indices in store.header.sampling[ORIGIN]["frames"]["OH-1-H"].items():
        source = MINI.frames("OH-1-H", trajectory, np.array(indices))
        frames = store.frames("OH-1-H", trajectory)
        differences.append((frames.forces - source.forces).ravel())
        energies.append(frames.energy - source.energy)
    difference, energy = np.concatenate(differences), np.concatenate(energies)
    assert one.force_mae == pytest.approx(1000 * abs(difference).mean(), rel=1e-4)
    assert one.force_rmse == pytest.approx(1000 * np.sqrt((difference**2).mean()), rel=1e-4)
    assert one.energy_mae == pytest.approx(1000 * abs(energy - energy.mean()).mean() / 6)
    assert one.minimum_force == pytest.approx(1000 * abs(store.minimum("OH-1-H").forces).max())


def test_a_comparison_with_itself_finds_no_difference():
    found = compare_references(MINI, MINI)
    everything = found.families["all"]
    assert everything.frames == MINI.total_frames
    assert everything.force_mae == 0.0
    assert everything.force_correlation == pytest.approx(1.0)
    assert everything.force_ratio == pytest.approx(1.0)
    assert everything.energy_mae == 0.0
    assert set(found.reactions) == {"exchange", "increment"}
    assert found.reactions["exchange"].spread == 0.0


@pytest.fixture
def relabelled(toy_frames, toy_header, molecule, tmp_path):
    """Return a function that writes a store of some frames of one source, and their minima."""

    def write(name, frames, minima=(), shift=0.0):
        origin = {"sha256": "c0ffee", "frames": frames}
        header = toy_header.model_copy(update={"sampling": {ORIGIN: origin}})
        contents = []
        for each, chosen in frames.items():
            parts = molecule(each)
            whole = toy_frames(parts, "primary", 9)
            labels = replace(
                whole,
                indices=np.arange(len(chosen["primary"])),
                positions=whole.positions[chosen["primary"]] + np.float32(shift),
                energy=whole.energy[chosen["primary"]],
                forces=whole.forces[chosen["primary"]],
            )
            trajectories = [labels]
            if each in minima:
                trajectories.append(toy_frames(parts, "minimum", 1))
            contents.append((parts, trajectories))
        write_store(tmp_path / name, header, contents)
        return Store(tmp_path / name)

    return write


def test_a_family_of_which_minima_alone_are_in_both_has_no_frames_to_compare(relabelled):
    both = ("OH-1-H", "F-1-H")
    one = relabelled("1.h5", {"OH-1-H": {"primary": [0, 4]}, "F-1-H": {"primary": [1]}}, both)
    two = relabelled("2.h5", {"OH-1-H": {"primary": [4, 5]}, "F-1-H": {"primary": [2]}}, both)
    found = compare_references(one, two)
    assert set(found.families) == {"OH", "all"}
    assert (found.families["all"].molecules, found.families["all"].frames) == (1, 1)


def test_minima_that_one_lacks_are_in_no_reaction(relabelled):
    frames = {name: {"primary": [0, 4]} for name in ("OH-1-H", "OH-2-H", "OH-3-H")}
    found = compare_references(
        relabelled("1.h5", frames, tuple(frames)), relabelled("2.h5", frames, ("OH-1-H", "OH-2-H"))
    )
    assert found.reactions["increment"].reactions == 1


def test_frames_of_other_positions_are_refused(relabelled):
    frames = {"OH-1-H": {"primary": [0, 4]}}
    with pytest.raises(RequestError, match="the same positions of OH-1-H primary in both"):
        compare_references(relabelled("1.h5", frames), relabelled("2.h5", frames, shift=0.01))


def test_a_group_of_labels_that_is_damaged_is_made_anew(finished, tmp_path, caplog):
    path = tmp_path / "x.h5"

    def stop(group, fraction, failure):
        if group:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relabel(MINI, path, GFN1, InThisProcess(), stop)
    (part,) = path.with_name("x.h5.parts").glob("*/*.h5")
    with h5py.File(part, "r+") as file:
        file["energy"][0] = 0.0
    relabel(MINI, path, GFN1, InThisProcess(), silent)
    assert f"{part} is damaged" in caplog.text
    assert path.read_bytes() == finished.read_bytes()


def test_what_was_finished_before_a_kill_is_not_made_again(finished, tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(finished.read_bytes())
    parts_of(path).mkdir()
    (parts_of(path) / CHECKSUM).write_text(Store(path).checksum)
    outcome = relabel(MINI, path, GFN1, InThisProcess(pytest.fail), silent)
    assert (outcome.checksum, outcome.frames) == (Store(path).checksum, 28)
    assert not parts_of(path).exists()


def test_a_file_that_is_no_store_was_not_finished_before(tmp_path):
    path = tmp_path / "x.h5"
    path.write_text("precious")
    parts_of(path).mkdir()
    assert finished_before(path) is None
    assert parts_of(path).is_dir()


def test_data_sets_of_other_frames_cannot_be_compared(finished, toy_store, tmp_path):
    with pytest.raises(RequestError, match="go back to different data sets"):
        compare_references(MINI, Store(toy_store(["OH-1-H"])))
    request = Relabelling("y", "gfn2-xtb", molecules=("Cl-1-H",), primary=1, secondary=0)
    relabel(MINI, tmp_path / "y.h5", request, ONE, silent)
    with pytest.raises(CoverageError, match="none"):
        compare_references(Store(finished), Store(tmp_path / "y.h5"))
