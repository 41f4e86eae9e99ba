"""The frames of a data set with the labels of another level of theory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.documents import canonical_json
from mlip_compose.core.errors import UnknownNameError
from mlip_compose.core.probing import TRIALS, failed_throughout
from mlip_compose.core.records import (
    MINIMUM,
    PRIMARY,
    SECONDARY,
    Failure,
    Frames,
    IntArray,
    Molecule,
)
from mlip_compose.datasets.frame_labels import joined, label_frames, read_labels, write_labels
from mlip_compose.datasets.probing import Geometry, refuse_throughout
from mlip_compose.datasets.resumable_parts import (
    PartListener,
    finish,
    finished_before,
    make_missing,
    resumable_parts,
)
from mlip_compose.datasets.store_proof import PROOF, prove_made_labels, summary
from mlip_compose.engine.engine import Engine
from mlip_compose.references.base import Reference
from mlip_compose.references.registry import get_reference, software_of
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader
from mlip_compose.store.writer import write_store

ORIGIN: Final = "relabelled_from"
"""Key of a header's ``sampling`` that says which frames of which data set were labelled anew.

Its ``frames`` holds indices for molecules of which some frames were left out.
"""

COST_POWER: Final = 2.0
"""Power of the number of atoms in the cost of a label: near enough for order and time left."""


@dataclass(frozen=True)
class Relabelling:
    """The frames to label anew, and the reference that labels them.

    Attributes
    ----------
    name
        Name of the new data set.
    reference, settings
        The level of theory (see ``references.registry.get_reference``).
    molecules
        Names of molecules; all of the data set where there are none.
    primary, secondary
        Numbers of frames of each trajectory, evenly spread; None takes all frames.
    unproved
        Whether labels are taken although energies do not belong to forces.
    """

    name: str
    reference: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    molecules: tuple[str, ...] = ()
    primary: int | None = None
    secondary: int | None = None
    unproved: bool = False

    @property
    def counts(self) -> dict[str, int | None]:
        """Number of frames to label, by trajectory."""
        return {PRIMARY: self.primary, SECONDARY: self.secondary}


@dataclass(frozen=True)
class RelabelOutcome:
    """The data set that a relabelling made.

    Attributes
    ----------
    path, checksum
        The HDF5 file, and the sha256 of its content.
    molecules, frames
        Numbers of molecules and of frames; minima do not count as frames.
    failures
        Frames and molecules that are not in the new data set, with the reasons.
    """

    path: Path
    checksum: str
    molecules: int
    frames: int
    failures: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Group:
    """A few frames of one trajectory: the unit of work, as a worker process gets it."""

    molecule: Molecule
    frames: Frames
    reference: str
    settings: Mapping[str, Any]
    part: Path

    def __str__(self) -> str:
        return f"{self.molecule.name} {self.frames.trajectory}"

    @property
    def cost(self) -> float:
        """Estimate of the work."""
        return float(len(self.frames) * self.molecule.n_atoms**COST_POWER)


def spread(available: int, count: int | None) -> IntArray:
    """Return ``count`` of the indices 0 ... available - 1, evenly spread; all for None.

    For example 2 of 10 are 2 and 7: the middles of two halves.
    """
    if count is None or count >= available:
        return np.arange(available)
    return (np.arange(count) * 2 + 1) * available // (2 * count)


def relabel(
    source: Store, out: Path, request: Relabelling, engine: Engine, listener: PartListener
) -> RelabelOutcome:
    """Label frames and minima of a data set anew and write them as a data set of its own.

    Each finished group of frames is a file in ``<out>.parts`` until all are there. A relabelling
    that was interrupted goes on from these files. A frame that fails is recorded and left out.

    Parameters
    ----------
    source
        The data set.
    out
        The HDF5 file; must not exist.
    request
        The frames, and the reference that labels them.
    engine
        Where labels are made.
    listener
        Hears of progress.

    Raises
    ------
    RequestError
        ``out`` exists, or a worker process died.
    FailedThroughoutError
        The frames that are tried first fail alike, or no frame can be labelled.
    UnknownNameError
        The data set has no such molecule.
    DataError
        The reference's energies do not belong to its forces.
    """
    store = finished_before(out)
    if store is not None:
        return RelabelOutcome(
            out, store.checksum, len(store.molecules), store.total_frames, store.header.failures
        )
    names = _chosen_molecules(source, request)
    reference = get_reference(request.reference, request.settings)
    with resumable_parts(out) as parts:
        groups = list(_groups(source, names, request, reference, parts))
        if not any(group.part.exists() for group in groups):
            refuse_throughout(request.reference, request.settings, _first(groups), engine)
        make_missing(groups, label_group, read_labels, engine, listener)
        return _write(source, out, request, reference, groups)


def label_group(group: Group) -> Failure | None:
    """Label a group of frames, keep the labels as a file, and return the first failure, if any."""
    reference = get_reference(group.reference, group.settings)
    labels = label_frames(group.molecule, group.frames, reference)
    write_labels(group.part, labels)
    if not labels.reasons:
        return None
    index, reason = next(iter(labels.reasons.items()))
    return Failure("label", f"{group} frame {index}", reason)


def _chosen_molecules(source: Store, request: Relabelling) -> tuple[str, ...]:
    for name in request.molecules:
        if name not in source.molecules:
            raise UnknownNameError(f"molecule of {source.name}", name, source.molecules)
    return tuple(sorted(set(request.molecules) or source.molecules))


def _groups(
    source: Store, names: tuple[str, ...], request: Relabelling, reference: Reference, parts: Path
) -> Iterator[Group]:
    folder = parts / _digest(source, request, reference)
    for name in names:
        molecule = source.molecules[name]
        chosen = [source.minimum(name)] if source.has_minimum(name) else []
        for trajectory, count in request.counts.items():
            indices = spread(source.n_frames(name, trajectory), count)
            for start in range(0, len(indices), reference.frames_at_once):
                few = indices[start : start + reference.frames_at_once]
                chosen.append(source.frames(name, trajectory, few))
        for frames in chosen:
            part = folder / f"{name}.{frames.trajectory}.{frames.indices[0]}.h5"
            yield Group(molecule, frames, request.reference, request.settings, part)


def _first(groups: list[Group]) -> list[Geometry]:
    """Return a few geometries to try, of the smallest molecules, and of different ones."""
    groups = sorted(groups, key=lambda group: group.molecule.n_atoms)
    of_molecules = {group.molecule.name: group for group in reversed(groups)}.values()
    geometries = [
        Geometry(group.molecule, group.frames.positions[row])
        for row in range(TRIALS)
        for group in reversed(of_molecules)
        if row < len(group.frames)
    ]
    return geometries[:TRIALS]


def _digest(source: Store, request: Relabelling, reference: Reference) -> str:
    """Return a short sha256 of all that labels depend on, which names the folder of the parts."""
    document = {
        "source": source.checksum,
        "reference": reference.name,
        "settings": dict(reference.settings),
        "versions": software_of(reference),
        "wanted": request.counts,
    }
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()[:12]


class _Relabelled(NamedTuple):
    """The frames of a trajectory that have labels, and their indices in the source."""

    frames: Frames
    indices: IntArray
    reasons: Mapping[int, str]


def _write(
    source: Store,
    out: Path,
    request: Relabelling,
    reference: Reference,
    groups: list[Group],
) -> RelabelOutcome:
    by_molecule: dict[str, dict[str, list[Group]]] = defaultdict(lambda: defaultdict(list))
    for group in groups:
        by_molecule[group.molecule.name][group.frames.trajectory].append(group)
    contents: dict[str, list[Frames]] = {}
    origins: dict[str, dict[str, list[int]]] = {}
    failures: list[str] = []
    for name, trajectories in by_molecule.items():
        labelled = {key: _relabelled(members) for key, members in trajectories.items()}
        failures += [
            f"label of {name} {trajectory} {index}: {reason}"
            for trajectory, relabelled in labelled.items()
            for index, reason in relabelled.reasons.items()
        ]
        kept = {key: value for key, value in labelled.items() if len(value.frames)}
        indices = {key: value.indices.tolist() for key, value in kept.items() if key != MINIMUM}
        if indices:
            contents[name] = [relabelled.frames for relabelled in kept.values()]
            origins[name] = indices
        else:
            failures.append(f"label of {name}: no frame left, so that it is not in the data set")
    if not contents:
        raise failed_throughout(reference.name, failures[0])
    proof = prove_made_labels(
        {name: source.molecules[name] for name in contents},
        lambda name: max(contents[name], key=len),
        out,
        reference.name,
        request.unproved,
    )
    header = _header(source, request, reference, origins, tuple(failures))
    header.sampling[PROOF] = summary([proof])
    molecules = [(source.molecules[name], frames) for name, frames in contents.items()]
    checksum = finish(out, lambda path: write_store(path, header, molecules))
    n_frames = sum(len(indices) for origin in origins.values() for indices in origin.values())
    return RelabelOutcome(out, checksum, len(contents), n_frames, tuple(failures))


def _relabelled(members: list[Group]) -> _Relabelled:
    """Join the groups of a trajectory."""
    indices, labels = joined([(group.frames.indices, read_labels(group.part)) for group in members])
    positions = np.concatenate([group.frames.positions for group in members])
    good = np.isfinite(labels.energy)
    frames = Frames(
        molecule=members[0].molecule.name,
        trajectory=members[0].frames.trajectory,
        indices=np.arange(int(good.sum())),
        positions=positions[good],
        energy=labels.energy[good],
        forces=labels.forces[good].astype(np.float32),
    )
    return _Relabelled(frames, indices[good], labels.reasons)


def _header(
    source: Store,
    request: Relabelling,
    reference: Reference,
    origins: Mapping[str, Mapping[str, list[int]]],
    failures: tuple[str, ...],
) -> StoreHeader:
    software = {name: version(name) for name in ("mlip-compose", "numpy")}
    origin = {
        "dataset": source.name,
        "sha256": source.checksum,
        "reference": source.reference,
        "primary": request.primary,
        "secondary": request.secondary,
        "frames": {
            name: dict(indices)
            for name, indices in origins.items()
            if any(
                len(indices.get(trajectory, ())) < source.n_frames(name, trajectory)
                for trajectory in TRAJECTORIES
            )
        },
    }
    return StoreHeader(
        name=request.name,
        reference=reference.name,
        reference_settings=dict(reference.settings),
        sampling={**source.header.sampling, ORIGIN: origin},
        software=software | software_of(reference),
        failures=failures,
        licence=source.header.licence,
    )
