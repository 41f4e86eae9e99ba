"""Checks that compute labels anew: with the reference of the data set, and with a tighter one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure, Frames, Molecule
from mlip_compose.core.scratch import do_unit
from mlip_compose.datasets.checking.finding import (
    CheckResult,
    counted,
    first_of,
    is_finite,
    place,
)
from mlip_compose.datasets.checking.structure import has_pairs
from mlip_compose.references.base import Label, Reference
from mlip_compose.references.registry import get_reference
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader

ENERGY_TOLERANCE: Final = 1e-5  # eV
FORCE_TOLERANCE: Final = 3e-5
"""eV/Angstrom. On mini-v1 energies are the same to the last bit and forces to that of float32
(2e-7); positions that were rounded to float32 after labelling make some 1e-6 eV and 1e-5."""
NOISE_BOUND: Final = 1.0
"""Largest mean absolute change of force components with tighter settings, meV/Angstrom."""

RECOMPUTATION: Final = "recomputation"
NOISE: Final = "label noise floor"


@dataclass(frozen=True, eq=False)
class Sampled:
    """A frame to compute anew."""

    molecule: Molecule
    frame: Frames

    def __str__(self) -> str:
        return place(self.frame, 0)


def draw_sample(store: Store, size: int, seed: int) -> list[Sampled]:
    """Draw frames at random, from families in turn and rather from their small molecules.

    The weight of a molecule is its number of atoms to the power of -2, so that the sample is cheap
    for any reference. Frames whose numbers are not finite are left out.
    """
    rng = np.random.default_rng(seed)
    families: dict[str, list[str]] = defaultdict(list)
    for name, molecule in store.molecules.items():
        has_frames = any(store.n_frames(name, trajectory) for trajectory in TRAJECTORIES)
        if has_frames and has_pairs(molecule):
            families[molecule.family].append(name)
    order = [sorted(families)[i] for i in rng.permutation(len(families))]
    sample = []
    for turn in range(size if order else 0):
        names = families[order[turn % len(order)]]
        weights = np.array([store.molecules[name].n_atoms ** -2.0 for name in names])
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        lengths = [store.n_frames(name, trajectory) for trajectory in TRAJECTORIES]
        row = int(rng.integers(sum(lengths)))
        is_secondary = int(row >= lengths[0])
        index = np.array([row - is_secondary * lengths[0]])
        frame = store.frames(name, TRAJECTORIES[is_secondary], index)
        if is_finite(frame).all():
            sample.append(Sampled(store.molecules[name], frame))
    return sample


def reference_of(header: StoreHeader, named: str | None) -> Reference | str:
    """Return the reference of a store's labels with its settings, or in words why there is none.

    Parameters
    ----------
    header
        Header of the store.
    named
        Name of a reference that the user gives; None for the header's. A reference
        ``module:function`` is code, which runs only where the user names it.

    Raises
    ------
    RequestError
        The reference that the user names cannot be used.
    """
    name = named or header.reference
    if ":" in name and named is None:
        return f"{name} is code, not run on a file's word; name it with --reference {name}"
    stored = json.loads(json.dumps(header.reference_settings))
    try:
        reference = get_reference(name)
        settings = json.loads(json.dumps(dict(reference.settings)))
        other = {key: value for key, value in stored.items() if settings.get(key) != value}
        if other and name == header.reference:
            given = {key.removesuffix("_hartree"): value for key, value in other.items()}
            reference = get_reference(name, given.get("arguments", given))
    except RequestError as error:
        if named is not None:
            raise
        return f"the reference {name!r} cannot be used here: {error}"
    return reference


def skipped(reason: str) -> tuple[CheckResult, CheckResult]:
    """Return the results of both checks as not made, with the reason."""
    return CheckResult(RECOMPUTATION, None, reason), CheckResult(NOISE, None, reason)


def compare(
    sample: list[Sampled],
    reference: Reference,
    listener: Callable[[], None],
    keep_scratch: bool = False,
) -> tuple[CheckResult, CheckResult]:
    """Label the sample anew and compare with the stored labels, and with tighter settings.

    Parameters
    ----------
    sample
        The frames.
    reference
        The reference of their labels.
    listener
        Hears of each frame that is computed.
    keep_scratch
        Whether scratch directories of labels that fail are kept.
    """
    tighter = reference.tighter()
    again: list[Label | Failure] = []
    finer: list[Label | Failure] = []
    for sampled in sample:
        again.append(do_unit(partial(_label, reference), sampled, keep_scratch).told())
        if tighter is not None:
            finer.append(do_unit(partial(_label, tighter), sampled, keep_scratch).told())
        listener()
    first = _recomputation(sample, again, reference.name)
    if tighter is None:
        return first, CheckResult(NOISE, None, f"{reference.name} has no tighter settings")
    return first, _noise(sample, again, finer, reference, tighter)


def _label(reference: Reference, sampled: Sampled) -> Label | Failure:
    molecule, positions = sampled.molecule, sampled.frame.positions[0].astype(np.float64)
    return reference.label(molecule.numbers, positions, molecule.charge, molecule.spin)


def _recomputation(sample: list[Sampled], labels: list[Label | Failure], name: str) -> CheckResult:
    bad, worst_energy, worst_forces = [], (0.0, ""), (0.0, "")
    for sampled, label in zip(sample, labels, strict=True):
        where = place(sampled.frame, 0)
        if isinstance(label, Failure):
            bad.append(f"{where} ({label.reason})")
            continue
        energy = float(abs(label.energy - sampled.frame.energy[0]))
        forces = float(np.abs(label.forces - sampled.frame.forces[0]).max())
        worst_energy = max(worst_energy, (energy, where))
        worst_forces = max(worst_forces, (forces, where))
        if not (energy <= ENERGY_TOLERANCE and forces <= FORCE_TOLERANCE):
            bad.append(where)
    finding = (
        f"{counted(len(sample), 'frame')} by {name}: energies within {worst_energy[0]:.1e} eV, "
        f"forces within {worst_forces[0]:.1e} eV/Angstrom (worst {worst_forces[1]}; "
        f"tolerance {ENERGY_TOLERANCE:.0e} and {FORCE_TOLERANCE:.0e})"
    )
    if bad:
        finding = f"{len(bad)} of {finding}; not right: {first_of(bad)}"
    details = {
        "frames": len(sample),
        "wrong": len(bad),
        "worst_energy_eV": worst_energy[0],
        "worst_force_eV_per_A": worst_forces[0],
        "reference": name,
    }
    return CheckResult(RECOMPUTATION, not bad, finding, details)


def _noise(
    sample: list[Sampled],
    labels: list[Label | Failure],
    finer: list[Label | Failure],
    reference: Reference,
    tighter: Reference,
) -> CheckResult:
    energies, forces, places = [], [], []
    for sampled, label, fine in zip(sample, labels, finer, strict=True):
        if not (isinstance(label, Failure) or isinstance(fine, Failure)):
            energies.append(1e3 * abs(label.energy - fine.energy) / sampled.molecule.n_atoms)
            forces.append(1e3 * np.abs(label.forces - fine.forces))
            places.append(place(sampled.frame, 0))
    if not forces:
        return CheckResult(NOISE, None, "no frame could be computed with tighter settings")
    force_mae = float(np.mean(np.concatenate([change.ravel() for change in forces])))
    energy_mae = float(np.mean(energies))
    worst = int(np.argmax([change.max() for change in forces]))
    largest = float(forces[worst].max())
    finding = (
        f"forces {force_mae:.4f} meV/Angstrom, energies {energy_mae:.1e} meV/atom (mean absolute "
        f"change with {_changed(reference, tighter)}, {counted(len(forces), 'frame')}); largest "
        f"change of a force {largest:.3f} meV/Angstrom ({places[worst]})"
    )
    details: dict[str, Any] = {
        "forces_mae_meV_per_A": force_mae,
        "energy_mae_meV_per_atom": energy_mae,
        "largest_force_change_meV_per_A": largest,
        "frames": len(forces),
        "bound_meV_per_A": NOISE_BOUND,
        "tighter": dict(tighter.settings),
    }
    return CheckResult(NOISE, force_mae <= NOISE_BOUND, finding, details)


def _changed(reference: Reference, tighter: Reference) -> str:
    before, after = reference.settings, tighter.settings
    return ", ".join(
        f"{key} {_plain(before.get(key))} -> {_plain(value)}"
        for key, value in after.items()
        if before.get(key) != value
    )


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
