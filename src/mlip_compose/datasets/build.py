"""Building a data set: molecules in parallel, resumable, the same bytes whatever the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import FailedThroughoutError, RequestError
from mlip_compose.core.probing import TRIALS
from mlip_compose.core.records import Failure, Frames, Molecule
from mlip_compose.datasets.probing import Geometry, refuse_throughout
from mlip_compose.datasets.recipe import Recipe
from mlip_compose.datasets.resumable_parts import (
    PartListener,
    finish,
    finished_before,
    make_missing,
    resumable_parts,
)
from mlip_compose.datasets.store_proof import PROOF, longest, prove_made_labels, summary
from mlip_compose.engine.engine import Engine
from mlip_compose.references.registry import get_reference, software_of
from mlip_compose.sampling.conformers import conformer_pool
from mlip_compose.sampling.sampler import SampledMolecule, sample_molecule
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader
from mlip_compose.store.writer import write_store

RELAXATION_CALLS: Final = 100.0
"""Calls of the reference that the relaxations of a molecule take, about."""


@dataclass(frozen=True)
class BuildOutcome:
    """The data set that a build made.

    Attributes
    ----------
    path, checksum
        The HDF5 file, and the sha256 of its content.
    molecules, frames
        Numbers of molecules and of frames; minima do not count as frames.
    failures
        Molecules of the recipe that are not in the data set, with the reasons.
    """

    path: Path
    checksum: str
    molecules: int
    frames: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """The unit of work that makes one molecule, as a worker process gets it."""

    molecule: Molecule
    recipe: Recipe
    part: Path

    def __str__(self) -> str:
        return self.molecule.name

    @property
    def cost(self) -> float:
        """Estimate of the work: calls of the reference, each growing as N squared."""
        protocol = self.recipe.sampling
        calls = RELAXATION_CALLS
        for trajectory in TRAJECTORIES:
            frames = protocol.frames(trajectory, self.molecule)
            if frames:
                calls += protocol.equilibration_steps + frames * protocol.stride_steps
        return calls * self.molecule.n_atoms**2


def build(
    recipe: Recipe,
    out: Path,
    engine: Engine,
    listener: PartListener,
    unproved: bool = False,
) -> BuildOutcome:
    """Sample and label the molecules of a recipe and write the store.

    Each finished molecule is a file of its own in ``<out>.parts`` until all are there. A build that
    was interrupted goes on from these files. A molecule that fails is recorded and left out.

    Parameters
    ----------
    recipe
        The molecules, their sampling and their reference.
    out
        The HDF5 file; must not exist.
    engine
        Where molecules are made.
    listener
        Hears of progress.
    unproved
        Whether labels are taken although energies do not belong to forces.

    Raises
    ------
    RequestError
        ``out`` exists already, another build of it is under way, or a worker process died.
    FailedThroughoutError
        The reference fails on the geometries that are tried first, or every molecule failed.
    UnwritableError
        The disk is full, or the place cannot be written.
    DataError
        The reference's energies do not belong to its forces.
    """
    store = finished_before(out)
    if store is not None:
        return BuildOutcome(
            out, store.checksum, len(store.molecules), store.total_frames, _missing(recipe, store)
        )
    molecules = recipe.selected()
    if not molecules:
        raise RequestError("a recipe of at least one molecule", f"none in {recipe.name}")
    with resumable_parts(out) as parts:
        folder = parts / recipe.digest
        jobs = [Job(molecule, recipe, folder / f"{molecule.name}.h5") for molecule in molecules]
        if not any(job.part.exists() for job in jobs):
            first = _first(recipe, molecules)
            refuse_throughout(recipe.reference, recipe.reference_settings, first, engine)
        failures = make_missing(
            jobs, make_part, lambda part: Store(part).verify(), engine, listener
        )
        failures.sort(key=lambda failure: failure.subject)
        return _joined(recipe, out, jobs, failures, unproved)


def _first(recipe: Recipe, molecules: tuple[Molecule, ...]) -> list[Geometry]:
    """Return a conformer of each of the smallest molecules, to try the reference on."""
    geometries = []
    for molecule in sorted(molecules, key=lambda molecule: molecule.n_atoms)[:TRIALS]:
        pool = conformer_pool(molecule, recipe.sampling.rng(molecule.name, "trial"), size=1)
        if not isinstance(pool, Failure):
            geometries.append(Geometry(molecule, pool[0][0]))
    return geometries


def make_part(job: Job) -> Failure | None:
    """Sample one molecule and keep it as a file; return why that failed, where it failed."""
    reference = get_reference(job.recipe.reference, job.recipe.reference_settings)
    outcome = sample_molecule(job.molecule, reference, job.recipe.sampling)
    if isinstance(outcome, Failure):
        return outcome
    rejected = tuple(str(failure) for failure in outcome.rejected)
    write_store(job.part, _header(job.recipe, rejected), [_written(outcome)])
    return None


def _missing(recipe: Recipe, store: Store) -> tuple[Failure, ...]:
    """Return why molecules of a recipe are not in the store that was made of it."""
    reasons = {
        molecule.name: next((r for r in store.header.failures if f" of {molecule.name}: " in r), "")
        for molecule in recipe.selected()
        if molecule.name not in store.molecules
    }
    return tuple(Failure("build", name, reason) for name, reason in sorted(reasons.items()))


def _joined(
    recipe: Recipe, out: Path, jobs: list[Job], failures: list[Failure], unproved: bool
) -> BuildOutcome:
    """Write the store from its parts, in the order of the molecules' names."""
    paths = {job.molecule.name: job.part for job in jobs if job.part.is_file()}
    if not paths:
        raise FailedThroughoutError("at least one molecule that can be made", str(failures[0]))
    parts = [Store(paths[name]) for name in sorted(paths)]
    rejected = [reason for part in parts for reason in part.header.failures]
    header = _header(recipe, (*rejected, *map(str, failures)))
    stores = {name: part for part in parts for name in part.molecules}
    proof = prove_made_labels(
        {name: part.molecules[name] for name, part in stores.items()},
        lambda name: longest(stores[name], name),
        out,
        recipe.reference,
        unproved,
    )
    header.sampling[PROOF] = summary([proof])
    checksum = finish(out, lambda path: write_store(path, header, _contents(parts)))
    frames = sum(part.total_frames for part in parts)
    return BuildOutcome(out, checksum, len(parts), frames, tuple(failures))


def _written(sampled: SampledMolecule) -> tuple[Molecule, tuple[Frames, ...]]:
    return sampled.molecule, (*sampled.trajectories, sampled.minimum)


def _contents(parts: list[Store]) -> Iterator[tuple[Molecule, list[Frames]]]:
    for part in parts:
        for name, molecule in part.molecules.items():
            yield molecule, [*part.trajectories(name), part.minimum(name)]


def _header(recipe: Recipe, failures: tuple[str, ...]) -> StoreHeader:
    reference = get_reference(recipe.reference, recipe.reference_settings)
    software = {name: version(name) for name in ("mlip-compose", "ase", "numpy", "rdkit")}
    return StoreHeader(
        name=recipe.name,
        reference=reference.name,
        reference_settings=dict(reference.settings),
        sampling=recipe.sampling.model_dump(mode="json"),
        software=software | software_of(reference),
        failures=failures,
    )
