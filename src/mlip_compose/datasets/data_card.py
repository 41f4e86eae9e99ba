"""The data card of a data set: its facts, its sampling, statistics of its frames, its checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from mlip_compose.core.records import PRIMARY, SECONDARY, FloatArray, Molecule
from mlip_compose.datasets.checking.check import CheckReport
from mlip_compose.datasets.statistics import (
    LONGEST_LAG,
    chain_torsions,
    dihedral_angles,
    energy_autocorrelation,
    equipartition_ratio,
    gauche_share,
    mean_difference,
    statistical_inefficiency,
)
from mlip_compose.molecules.groups import group_order
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES

_HOW: Final = (
    "Langevin dynamics of each molecule in vacuum. Hydrogens are heavier than they are: masses do "
    "not enter the distribution of configurations, and allow the long step. The two trajectories "
    "start from two conformers, drawn by Boltzmann weight from a pool (ETKDG, MMFF94), and have "
    "random numbers of their own, which depend on the seed and the molecule's name alone. Frames "
    "are centred and rounded before they are labelled, so that what is stored is what was "
    "labelled; each label is computed from a cold start. Minima are relaxed from the all-anti "
    "conformer."
)
_TWO_SIGMA: Final = 2.0
_OTHER: Final = "X-(CH2)n-Y"


@dataclass
class _Samples:
    """Numbers of all frames, gathered molecule by molecule, for the statistics of the card.

    Attributes
    ----------
    energies
        Energies of each trajectory (eV), by ``primary`` or ``secondary``.
    angles
        Torsion angles (degrees), by family and trajectory.
    pairs
        Energies of the primary and the secondary trajectory of each molecule.
    ratios
        Mean energy above the minimum over that of harmonic vibrations, of each molecule.
    """

    energies: dict[str, list[FloatArray]] = field(default_factory=lambda: defaultdict(list))
    angles: dict[tuple[str, str], list[FloatArray]] = field(
        default_factory=lambda: defaultdict(list)
    )
    pairs: list[tuple[FloatArray, FloatArray]] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


def data_card(store: Store, checks: CheckReport) -> str:
    """Write the card of a data set.

    Parameters
    ----------
    store
        The data set.
    checks
        The results of ``data check``.

    Returns
    -------
    str
        Markdown.
    """
    header = store.header
    temperature = header.sampling.get("temperature_K")
    samples = _gathered(store, temperature)
    sections = [
        f"# Data card: {store.name}",
        _table(("", ""), _identity(store)),
        "## How the frames were made",
        _protocol(header.sampling),
        "## What the frames show",
        *_autocorrelation(samples, header.sampling),
        *_agreement(samples),
        *_torsions(samples),
        *_equipartition(samples, temperature),
        "## Checks",
        f"`mlip-compose data check {store.name}`: "
        + ("every check passed." if checks.passed else "NOT every check passed."),
        _table(
            ("check", "", "found"),
            [(check.name, check.verdict, check.found) for check in checks.checks],
        ),
        "## Failures",
        "\n".join(f"- {reason}" for reason in header.failures)
        or "None: every molecule was made, and no trajectory had to be started anew.",
    ]
    return "\n\n".join(sections) + "\n"


def _identity(store: Store) -> list[tuple[str, str]]:
    header, molecules = store.header, store.molecules.values()
    mono = sum(molecule.is_monofunctional for molecule in molecules)
    others = sum(molecule.parts is None for molecule in molecules)
    kinds = {"X-(CH2)n-H": mono, "X-(CH2)n-Y": len(molecules) - mono - others}
    kinds |= {"of no series": others} if others else {}
    frames = store.frames_by_trajectory.items()
    minima = sum(store.has_minimum(name) for name in store.molecules)
    return [
        ("molecules", ", ".join(f"{count} {kind}" for kind, count in kinds.items())),
        (
            "frames",
            ", ".join(f"{count:,} {name}" for name, count in frames),
        ),
        ("relaxed minima", f"{minima}"),
        ("labels", f"energy (eV) and forces (eV/Angstrom) by {header.reference}"),
        ("settings of the labels", _pairs(header.reference_settings)),
        ("software", _pairs(header.software)),
        ("size", f"{store.path.stat().st_size / 1e6:.1f} MB (HDF5)"),
        ("checksum of the content", f"sha256 {store.checksum}"),
        ("licence", header.licence),
    ]


def _protocol(sampling: dict[str, Any]) -> str:
    if not sampling:
        return "The store does not say."
    told = "integrator" in sampling
    rows = [(key, _shortened(value)) for key, value in sampling.items()]
    return (_HOW + "\n\n" if told else "") + _table(("setting", "value"), rows)


def _shortened(value: Any) -> str:
    """Write a value; of a mapping by molecule, such as indices of frames, only its length."""
    if isinstance(value, dict):
        entries = (
            f"{key} {f'of {len(entry)} molecules' if isinstance(entry, dict) else entry}"
            for key, entry in value.items()
        )
        return ", ".join(entries)
    return str(value)


def _gathered(store: Store, temperature_K: float | None) -> _Samples:
    samples = _Samples()
    for name, molecule in store.molecules.items():
        torsions = chain_torsions(molecule)
        energies: dict[str, FloatArray] = {}
        for frames in store.trajectories(name):
            energies[frames.trajectory] = frames.energy
            samples.energies[frames.trajectory].append(frames.energy)
            if len(torsions):
                angles = dihedral_angles(frames.positions, torsions)
                samples.angles[_family(molecule), frames.trajectory].append(angles.ravel())
        if len(energies) == len(TRAJECTORIES) and min(map(len, energies.values())) > 1:
            samples.pairs.append((energies[PRIMARY], energies[SECONDARY]))
        if temperature_K and store.has_minimum(name) and PRIMARY in energies:
            minimum = float(store.minimum(name).energy[0])
            samples.ratios.append(
                equipartition_ratio(energies[PRIMARY], minimum, molecule.n_atoms, temperature_K)
            )
    return samples


def _family(molecule: Molecule) -> str:
    return molecule.family if molecule.is_monofunctional else _OTHER


def _autocorrelation(samples: _Samples, sampling: dict[str, Any]) -> list[str]:
    correlation = energy_autocorrelation(samples.energies[PRIMARY], LONGEST_LAG)
    if not np.isfinite(correlation).all():
        return []
    stride, timestep = sampling.get("stride_steps"), sampling.get("timestep_fs")
    interval = (
        f" A frame is {stride * timestep:g} fs after the last." if stride and timestep else ""
    )
    return [
        "Autocorrelation of the energy along the primary trajectories, pooled over molecules."
        f"{interval} {statistical_inefficiency(correlation):.2f} frames count as one that is "
        "independent.",
        _table(
            ("frames apart", *map(str, range(1, LONGEST_LAG + 1))),
            [("autocorrelation", *(f"{value:.3f}" for value in correlation[1:]))],
        ),
    ]


def _agreement(samples: _Samples) -> list[str]:
    if not samples.pairs:
        return []
    correlation = energy_autocorrelation(samples.energies[PRIMARY], LONGEST_LAG)
    inefficiency = statistical_inefficiency(correlation)
    differences = np.array([mean_difference(a, b, inefficiency) for a, b in samples.pairs])
    within = float((np.abs(differences) < _TWO_SIGMA).mean())
    spreads = np.array([np.std(b, ddof=1) / np.std(a, ddof=1) for a, b in samples.pairs])
    return [
        "Primary and secondary are independent and start from different conformers. Their mean "
        f"energies differ by {np.sqrt((differences**2).mean()):.2f} standard errors (root mean "
        f"square over {len(differences)} molecules; 1 is chance); {within:.0%} of the molecules "
        f"differ by less than two (95 % is chance). The spread of the secondary's energies is "
        f"{spreads.mean():.3f} times the primary's (mean over molecules)."
    ]


def _torsions(samples: _Samples) -> list[str]:
    families = sorted(
        {family for family, _ in samples.angles},
        key=lambda family: (family == _OTHER, family != _OTHER and group_order(family)),
    )
    if not families:
        return []

    def share(chosen: Iterable[str], trajectory: str) -> str:
        angles = [
            piece for family in chosen for piece in samples.angles.get((family, trajectory), [])
        ]
        return f"{gauche_share(np.concatenate(angles)):.1%}" if angles else ""

    rows = [
        (family, *(share([family], trajectory) for trajectory in TRAJECTORIES))
        for family in families
    ]
    rows.append(("all", *(share(families, trajectory) for trajectory in TRAJECTORIES)))
    angles = np.concatenate([piece for pieces in samples.angles.values() for piece in pieces])
    edges = np.arange(0, 181, 30)
    counts, _ = np.histogram(np.abs(angles), edges)
    return [
        "Torsions of heavy atoms about the bonds of the chain: the share that is gauche (below 120 "
        "degrees); the others are anti.",
        _table(("family", *TRAJECTORIES), rows),
        "The same torsions of all frames by their absolute angle:",
        _table(
            ("degrees", *(f"{a}-{b}" for a, b in pairwise(edges))),
            [("share", *(f"{count / len(angles):.1%}" for count in counts))],
        ),
    ]


def _equipartition(samples: _Samples, temperature_K: float | None) -> list[str]:
    if not samples.ratios:
        return []
    ratios = np.array(samples.ratios)
    return [
        "Mean energy above the relaxed minimum, over that of 3N - 6 harmonic vibrations at "
        f"{temperature_K:g} K: {ratios.mean():.3f} on average over molecules ({ratios.min():.3f} "
        f"to {ratios.max():.3f}). Other conformers and anharmonicity raise it above 1."
    ]


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )
