"""Building a data set: molecules in parallel, resumable, the same bytes whatever the order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mlip_compose.core.errors import DataError, RequestError
from mlip_compose.core.files import refuse_existing, set_aside
from mlip_compose.core.records import Failure, Frames, Molecule
from mlip_compose.datasets.recipe import Recipe
from mlip_compose.datasets.resumable_parts import finish, finished_before, parts_of
from mlip_compose.engine.engine import Engine, workers_died
from mlip_compose.engine.locks import held
from mlip_compose.references.registry import get_reference
from mlip_compose.sampling.sampler import SampledMolecule, sample_molecule
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader
from mlip_compose.store.writer import write_store

Watch = Callable[[str, float, "Failure | None"], None]
"""Called after each molecule: its name, the share of the work done so far, and a failure if any."""


@dataclass(frozen=True)
class BuildOutcome:
    """What a build ended with; ``failures`` are molecules that are not in the store."""

    path: Path
    checksum: str
    molecules: int
    frames: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """What a worker process needs to make one molecule."""

    molecule: Molecule
    recipe: Recipe
    part: Path

    def __str__(self) -> str:
        return self.molecule.name


def build(recipe: Recipe, out: Path, engine: Engine, watch: Watch) -> BuildOutcome:
    """Sample and label the molecules of a recipe and write the store.

    Each finished molecule is a file of its own in ``<out>.parts`` until all are there; a build that
    was interrupted goes on from these. A molecule that fails is recorded and left out.

    Parameters
    ----------
    recipe
        What to make.
    out
        The HDF5 file; must not exist.
    engine
        Where the molecules are made.
    watch
        Told of progress.

    Raises
    ------
    RequestError
        ``out`` exists already, another build of it is under way, every molecule failed, or a worker
        process died.
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    store = finished_before(out)
    if store is not None:
        return BuildOutcome(
            out, store.checksum, len(store.molecules), store.total_frames, _missing(recipe, store)
        )
    refuse_existing(out)
    parts = parts_of(out)
    with held(parts):
        return _build(recipe, out, parts / recipe.digest, engine, watch)


def _missing(recipe: Recipe, store: Store) -> tuple[Failure, ...]:
    """Return why molecules of a recipe are not in a store that was made of it."""
    reasons = {
        molecule.name: next((r for r in store.header.failures if f" of {molecule.name}: " in r), "")
        for molecule in recipe.selected()
        if molecule.name not in store.molecules
    }
    return tuple(Failure("build", name, reason) for name, reason in sorted(reasons.items()))


def _build(recipe: Recipe, out: Path, parts: Path, engine: Engine, watch: Watch) -> BuildOutcome:
    jobs = {m.name: Job(m, recipe, parts / f"{m.name}.h5") for m in recipe.selected()}
    cost = {name: _cost(job.molecule, recipe) for name, job in jobs.items()}
    missing = [job for job in jobs.values() if not _is_there(job.part)]
    missing.sort(key=lambda job: -cost[str(job)])
    total, left = sum(cost.values()), sum(cost[str(job)] for job in missing)
    watch("", 1 - left / total, None)
    failures: list[Failure] = []
    died: list[Failure] = []
    for job, outcome in engine.run(make_part, missing):
        left -= cost[str(job)]
        if outcome is not None:
            (died if outcome.retryable else failures).append(outcome)
        watch(str(job), 1 - left / total, outcome)
    if died:
        raise workers_died(f"{len(died)} molecules that are not made: {died[0]}")
    failures.sort(key=lambda failure: failure.subject)
    finished = sorted(name for name, job in jobs.items() if job.part.is_file())
    if not finished:
        raise RequestError("at least one molecule that can be made", str(failures[0]))
    opened = [Store(jobs[name].part) for name in finished]
    rejected = [reason for store in opened for reason in store.header.failures]
    header = _header(recipe, (*rejected, *(str(failure) for failure in failures)))
    checksum = finish(out, lambda path: write_store(path, header, _contents(opened)))
    frames = sum(store.total_frames for store in opened)
    return BuildOutcome(out, checksum, len(opened), frames, tuple(failures))


def _is_there(part: Path) -> bool:
    """Whether a molecule was made; a damaged file is set aside until the build ends."""
    if not part.exists():
        return False
    try:
        Store(part).verify()
    except DataError as error:
        set_aside(part, part.parent / "damaged", error.found)
        return False
    return True


def _cost(molecule: Molecule, recipe: Recipe) -> float:
    """Estimate the work on a molecule: calls of the reference, each growing as N squared."""
    protocol = recipe.sampling
    calls = 100
    for trajectory in TRAJECTORIES:
        frames = protocol.frames(trajectory, molecule.is_monofunctional)
        if frames:
            calls += protocol.equilibration_steps + frames * protocol.stride_steps
    return float(calls * molecule.n_atoms**2)


def make_part(job: Job) -> Failure | None:
    """Sample one molecule and keep it as a file of its own; return why that failed, if it did."""
    reference = get_reference(job.recipe.reference, job.recipe.reference_settings)
    outcome = sample_molecule(job.molecule, reference, job.recipe.sampling)
    if isinstance(outcome, Failure):
        return outcome
    rejected = tuple(str(failure) for failure in outcome.rejected)
    write_store(job.part, _header(job.recipe, rejected), [_written(outcome)])
    return None


def _written(sampled: SampledMolecule) -> tuple[Molecule, tuple[Frames, ...]]:
    return sampled.molecule, (*sampled.trajectories, sampled.minimum)


def _contents(parts: list[Store]) -> Iterator[tuple[Molecule, list[Frames]]]:
    for store in parts:
        for name, molecule in store.molecules.items():
            yield molecule, [*store.trajectories(name), store.minimum(name)]


def _header(recipe: Recipe, failures: tuple[str, ...]) -> StoreHeader:
    reference = get_reference(recipe.reference, recipe.reference_settings)
    software = {name: version(name) for name in ("mlip-compose", "ase", "numpy", "rdkit")}
    return StoreHeader(
        name=recipe.name,
        reference=reference.name,
        reference_settings=dict(reference.settings),
        sampling=recipe.sampling.model_dump(mode="json"),
        software=software | dict(reference.versions()),
        failures=failures,
    )
