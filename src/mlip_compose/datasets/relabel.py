"""The frames of a data set with the labels of another level of theory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from mlip_compose.core.documents import canonical_json
from mlip_compose.core.errors import DataError, RequestError, UnknownNameError
from mlip_compose.core.files import refuse_existing, set_aside
from mlip_compose.core.records import (
    MINIMUM,
    PRIMARY,
    SECONDARY,
    Failure,
    Frames,
    IntArray,
    Molecule,
)
from mlip_compose.datasets.frame_labels import (
    FrameLabels,
    joined,
    label_frames,
    read_labels,
    write_labels,
)
from mlip_compose.datasets.resumable_parts import finish, finished_before, parts_of
from mlip_compose.engine.engine import Engine, workers_died
from mlip_compose.engine.locks import held
from mlip_compose.references.base import Reference
from mlip_compose.references.registry import get_reference
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader
from mlip_compose.store.writer import write_store

ORIGIN: Final = "relabelled_from"
"""Key of a header's ``sampling`` that says which frames of which data set were labelled anew.

Its ``frames`` holds indices for molecules of which not all frames were.
"""

COST_POWER: Final = 2.0
"""A label's cost grows about so with the number of atoms; good for the order and the time left."""

Watch = Callable[[str, float, "Failure | None"], None]
"""Called after each group of frames: which, the share of the work done, a failure if any."""


@dataclass(frozen=True)
class Relabelling:
    """What to label anew, and with what.

    Attributes
    ----------
    name
        Of the new data set.
    reference, settings
        The level of theory (see ``references.registry.get_reference``).
    molecules
        Which; all of the data set where empty.
    primary, secondary
        How many frames of each trajectory, evenly spread; None: all of them.
    """

    name: str
    reference: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    molecules: tuple[str, ...] = ()
    primary: int | None = None
    secondary: int | None = None


@dataclass(frozen=True)
class RelabelOutcome:
    """What ended; ``failures`` are frames and molecules that are not in the new data set."""

    path: Path
    checksum: str
    molecules: int
    frames: int
    failures: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Group:
    """A few frames of one trajectory, the unit of work."""

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


def spread(available: int, wanted: int | None) -> IntArray:
    """Return ``wanted`` of the indices 0 ... available - 1, evenly spread; all where None."""
    if wanted is None or wanted >= available:
        return np.arange(available)
    return (np.arange(wanted) * 2 + 1) * available // (2 * wanted)


def relabel(
    source: Store, out: Path, request: Relabelling, engine: Engine, watch: Watch
) -> RelabelOutcome:
    """Label frames and minima of a data set anew and write them as a data set of its own.

    Each finished group of frames is a file in ``<out>.parts`` until all are there; what was
    interrupted goes on from these. A frame that fails is recorded and left out.

    Parameters
    ----------
    source
        The data set.
    out
        The HDF5 file; must not exist.
    request
        What to label with what.
    engine
        Where the labels are made.
    watch
        Told of progress.

    Raises
    ------
    RequestError
        ``out`` exists, no such molecules, a worker process died, or no frame could be labelled.
    """
    store = finished_before(out)
    if store is not None:
        return RelabelOutcome(
            out, store.checksum, len(store.molecules), store.total_frames, store.header.failures
        )
    refuse_existing(out)
    names = _chosen_molecules(source, request)
    reference = get_reference(request.reference, request.settings)
    parts = parts_of(out)
    with held(parts):
        groups = list(_groups(source, names, request, reference, parts))
        _label(groups, engine, watch)
        return _write(source, out, request, reference, groups)


def label_group(group: Group) -> Failure | None:
    """Label a group of frames and keep the labels as a file; in a worker process."""
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
    wanted = {PRIMARY: request.primary, SECONDARY: request.secondary}
    document = {
        "source": source.checksum,
        "reference": reference.name,
        "settings": dict(reference.settings),
        "versions": dict(reference.versions()),
        "wanted": wanted,
    }
    digest = hashlib.sha256(canonical_json(document).encode()).hexdigest()[:12]
    for name in names:
        molecule = source.molecules[name]
        chosen = [source.minimum(name)] if source.has_minimum(name) else []
        for trajectory, count in wanted.items():
            indices = spread(source.n_frames(name, trajectory), count)
            for start in range(0, len(indices), reference.frames_at_once):
                few = indices[start : start + reference.frames_at_once]
                chosen.append(source.frames(name, trajectory, few))
        for frames in chosen:
            part = parts / digest / f"{name}.{frames.trajectory}.{frames.indices[0]}.h5"
            yield Group(molecule, frames, request.reference, request.settings, part)


def _label(groups: list[Group], engine: Engine, watch: Watch) -> None:
    """Label the groups that have no file yet, the longest first."""
    missing = sorted(
        (group for group in groups if not _is_there(group)), key=lambda group: -group.cost
    )
    total, left = sum(group.cost for group in groups), sum(group.cost for group in missing)
    watch("", 1 - left / total, None)
    died: list[Failure] = []
    for group, outcome in engine.run(label_group, missing):
        left -= group.cost
        watch(str(group), 1 - left / total, outcome)
        if not group.part.is_file() and outcome is not None:
            died.append(outcome)
    if died:
        raise workers_died(f"{len(died)} groups of frames without labels: {died[0]}")


def _is_there(group: Group) -> bool:
    """Whether a group was labelled; a damaged file is set aside until all are."""
    if not group.part.exists():
        return False
    try:
        read_labels(group.part)
    except DataError as error:
        set_aside(group.part, group.part.parent / "damaged", error.found)
        return False
    return True


def _write(
    source: Store,
    out: Path,
    request: Relabelling,
    reference: Reference,
    groups: list[Group],
) -> RelabelOutcome:
    of: dict[str, dict[str, list[Group]]] = defaultdict(lambda: defaultdict(list))
    for group in groups:
        of[group.molecule.name][group.frames.trajectory].append(group)
    contents: dict[str, list[Frames]] = {}
    origins: dict[str, dict[str, list[int]]] = {}
    failures: list[str] = []
    for name, trajectories in of.items():
        kept: list[Frames] = []
        found: dict[str, list[int]] = {}
        for trajectory, members in trajectories.items():
            frames, indices, reasons = _relabelled(members)
            failures += [f"label of {name} {trajectory} {i}: {why}" for i, why in reasons.items()]
            if len(frames):
                kept.append(frames)
                if trajectory != MINIMUM:
                    found[trajectory] = [int(index) for index in indices]
        if found:
            contents[name], origins[name] = kept, found
        else:
            failures.append(f"label of {name}: no frame left, so that it is not in the data set")
    if not contents:
        raise RequestError(f"at least one frame that {reference.name} can label", failures[0])
    header = _header(source, request, reference, origins, tuple(failures))
    made = [(source.molecules[name], frames) for name, frames in contents.items()]
    checksum = finish(out, lambda path: write_store(path, header, made))
    count = sum(len(indices) for found in origins.values() for indices in found.values())
    return RelabelOutcome(out, checksum, len(contents), count, tuple(failures))


def _relabelled(members: list[Group]) -> tuple[Frames, IntArray, Mapping[int, str]]:
    """Join a trajectory's groups; return the frames that have labels and their source indices."""
    indices, labels = joined([(group.frames.indices, _labels_of(group)) for group in members])
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
    return frames, indices[good], labels.reasons


def _labels_of(group: Group) -> FrameLabels:
    return read_labels(group.part)


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
            name: dict(found)
            for name, found in origins.items()
            if any(
                len(found.get(trajectory, ())) < source.n_frames(name, trajectory)
                for trajectory in TRAJECTORIES
            )
        },
    }
    return StoreHeader(
        name=request.name,
        reference=reference.name,
        reference_settings=dict(reference.settings),
        sampling={**source.header.sampling, ORIGIN: origin},
        software=software | dict(reference.versions()),
        failures=failures,
        licence=source.header.licence,
    )
