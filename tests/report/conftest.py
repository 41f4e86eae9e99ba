"""A synthetic study: realistic numbers, one unit that failed, nothing computed by the program."""

import itertools
from collections.abc import Callable

import builders
import numpy as np
import pytest
from builders import interval

from mlip_compose.core.records import TestPart
from mlip_compose.evaluation.results import MoleculeScore, PairedDifference, Score
from mlip_compose.evaluation.study_results import DatasetFacts, StudyResults, UnitFacts

GROUPS = ["H", "OH", "NH2", "SH", "F", "Cl", "CHO", "COOH", "CONH2", "CN"]
HALF_A = ["H", "OH", "SH", "CHO", "CONH2"]
HELD_OUT = ["OH", "COOH", "CN"]
TASKS = ["length", "crossing", "transfer", "recombination"]
MONO = [(g, n, "H") for g in GROUPS for n in range(1, 13) if (g, n) != ("H", 1)]
PAIRS = list(itertools.combinations_with_replacement(GROUPS[1:], 2))
BIFUNCTIONAL = [(a, n, b) for a, b in PAIRS for n in (2, 4, 6)]
ROLES = {"composition": "scale", "additive": "feasibility"}
LEVEL_OF_ERROR = {"composition": 880.0, "additive": 82.0, "mace-small": 35.0}
GAP = {
    "composition": dict.fromkeys(TASKS, 1.0),
    "additive": dict(zip(TASKS, (1.04, 1.02, 1.06, 1.12), strict=True)),
    "mace-small": dict(zip(TASKS, (1.9, 1.35, 1.5, 2.3), strict=True)),
}
MEV_PER_ANGSTROM = "meV/Å"
SHA256 = "c0ffee" * 10 + "beef"
METRICS = {
    "forces_mae": ("Force MAE", MEV_PER_ANGSTROM, "mean absolute error over components", 1.0),
    "forces_rmse": ("Force RMSE", MEV_PER_ANGSTROM, "root mean square over components", 1.4),
    "energy_mae_per_atom": ("Energy MAE", "meV/atom", "mean over frames", 0.21),
    "energy_mae_per_atom_within": (
        "Energy MAE, within a molecule",
        "meV/atom",
        "mean over frames",
        0.07,
    ),
    "forces_mae_novel": (
        "Force MAE, novel atoms",
        MEV_PER_ANGSTROM,
        "mean absolute error over components",
        1.2,
    ),
    "reaction_mae": ("Reaction energy MAE", "kcal/mol", "mean over reactions", 0.04),
}


def split(task: str, level: int) -> tuple[list, list]:
    def mono(keep):
        return [m for m in MONO if keep(*m[:2])]

    if task == "length":
        return mono(lambda g, n: n <= 2 * level), mono(lambda g, n: n >= 7)
    if task == "crossing":
        return (
            mono(lambda g, n: (g in HALF_A) == (n <= 6)),
            mono(lambda g, n: n >= 7 if g in HALF_A else n in (2 * level, min(2 * level + 1, 6))),
        )
    if task == "transfer":
        return (
            mono(lambda g, n: g not in HELD_OUT or n <= 2 * level),
            mono(lambda g, n: g in HELD_OUT and n >= 7),
        )
    return MONO, [m for m in BIFUNCTIONAL if m[1] == 2 * level]


def name(parts: tuple) -> str:
    return "{}-{}-{}".format(*parts)


def certificate(task: str, level: int) -> dict:
    train, ood = split(task, level)
    coverage = [1.0 if r <= level else max(0.0, 0.97 - 0.2 * (r - level)) for r in range(7)]
    return {
        "schema_version": 1,
        "task": task,
        "level": level,
        "coverage_radius": level,
        "coverage_radii": list(range(7)),
        "coverage": coverage,
        "atom_divergence_radii": [0, 1],
        "atom_divergence_alpha": 0.5,
        "atom_divergence": [0.002, 0.011],
        "compound_divergence_radii": [2, 3, 4, 5, 6],
        "compound_divergence_alpha": 0.1,
        "compound_divergence": [0.05, 0.11, 0.2, 0.31, 0.4],
        "train_molecules": [name(m) for m in train],
        "ood_molecules": [name(m) for m in ood],
        "sizes": {
            "train_molecules": len(train),
            "ood_molecules": len(ood),
            "train_atoms": 14 * len(train),
            "ood_atoms": 33 * len(ood),
        },
        "elements": {"train": {"H": 400, "C": 180, "O": 31}, "ood": {"H": 1500, "C": 590}},
        "heavy_atoms": {"id": 4.2, "ood": 10.6, "shift": 6.4, "unit": "atoms"},
        "unseen": {
            "radius": level + 1,
            "count": 31,
            "ood_atoms": 180,
            "examples": [
                {
                    "label": "abc",
                    "smiles": "[CH2:1](CCO)CCC",
                    "molecule": "OH-7-H",
                    "ood_atoms": 12,
                }
            ],
        },
        "frames": {"train": 400, "validation": 100, "id": 590, "ood": 600},
        "force_magnitude": {"id": 1.61, "ood": 1.58, "shift": -0.03, "unit": "eV/Angstrom"},
        "duplicate_tolerance": 0.01,
        "leaks": [],
    }


def score(task: str, level: int, potential: str, seed: int, rng: np.random.Generator) -> Score:
    train, ood = split(task, level)
    base, gap = LEVEL_OF_ERROR[potential_kind(potential)], GAP[potential_kind(potential)]
    molecules = []
    parts: tuple[tuple[TestPart, list], ...] = (("id", train), ("ood", ood))
    for part, members in parts:
        for left, chain, right in members:
            scale = base * rng.normal(1.0, 0.05)
            if part == "ood":
                scale *= gap[task] ** (chain / np.mean([m[1] for m in ood]))
            values = {metric: round(scale * row[3], 4) for metric, row in METRICS.items()}
            del values["reaction_mae"]
            molecules.append(
                MoleculeScore(
                    molecule=name((left, chain, right)),
                    family=left if right == "H" else f"{left}+{right}",
                    left=left,
                    chain=chain,
                    right=right,
                    part=part,
                    frames=10,
                    failed_frames=0,
                    novel_atoms=0 if part == "id" else 7,
                    values=values,
                )
            )
    metrics = []
    for metric, (label, unit, aggregation, factor) in METRICS.items():
        a, b = base * factor, base * factor * gap[task]
        if metric == "forces_mae_novel":
            a = base
        with_id = metric != "reaction_mae" or task != "length"
        metrics.append(
            builders.metric(
                metric,
                label=label,
                unit=unit,
                aggregation=aggregation,
                id=interval(a, 0.95 * a, 1.06 * a) if with_id else None,
                ood=interval(b, 0.9 * b, 1.12 * b),
                gap=interval(b / a, 0.9 * b / a, 1.1 * b / a) if with_id else None,
                id_frames=10 * len(train),
                ood_frames=10 * len(ood),
                id_molecules=len(train),
                ood_molecules=len(ood),
            )
        )
    return builders.score(
        task=task,
        level=level,
        potential=potential,
        role=ROLES.get(potential, "learned"),
        seed=seed,
        dataset="synthetic-v1",
        dataset_sha256=SHA256,
        train_molecules=len(train),
        metrics=tuple(metrics),
        molecules=tuple(molecules),
    )


def potential_kind(potential: str) -> str:
    return potential if potential in LEVEL_OF_ERROR else "mace-small"


def unit(task: str, levels: tuple[int, ...], potential: str, seed: int, failed: bool) -> UnitFacts:
    learned = potential_kind(potential) == "mace-small"
    cost = {"wall_s": 61.2 if learned else 0.9, "cpu_s": 118.0 if learned else 1.1, "device": "cpu"}
    if learned:
        cost |= {"parameters": 23456, "gradient_steps": 1200}
    return builders.unit_facts(
        id=f"{task}-{potential}-{seed}-0a1b2c3d",
        task=task,
        levels=levels,
        potential=potential,
        role=ROLES.get(potential, "learned"),
        seed=seed,
        settings={"cutoff": 4.0, "channels": 32} if learned else {},
        status="failed" if failed else "done",
        reason="training of mace-small: the loss became NaN at step 312" if failed else "",
        cost=cost,
        facts={"unseen_types": {"bond": 0, "angle": 2}} if potential == "additive" else {},
    )


def pairs(scores: list[Score]) -> list[PairedDifference]:
    found = []
    for a, b in itertools.combinations(scores, 2):
        if (a.task, a.level, a.seed) != (b.task, b.level, b.seed):
            continue
        x, y = a.metric("forces_mae").ood.value, b.metric("forces_mae").ood.value
        found.append(
            PairedDifference(
                task=a.task,
                level=a.level,
                seed=a.seed,
                metric="forces_mae",
                unit=MEV_PER_ANGSTROM,
                quantity="ood",
                a=a.potential,
                b=b.potential,
                difference=interval(y - x, y - x - 5.0, y - x + 6.0),
                probability=1.0 if x < y else 0.0,
            )
        )
    return found


def study_results(
    potentials: tuple[str, ...] = ("composition", "additive", "mace-small"),
    levels: tuple[int, ...] = (2,),
    seeds: tuple[int, ...] = (0,),
    failed: tuple[tuple[str, str], ...] = (("transfer", "mace-small"),),
) -> StudyResults:
    rng = np.random.default_rng(0)
    runs = list(itertools.product(TASKS, potentials, seeds))
    scores = [
        score(task, level, potential, seed, rng)
        for task, potential, seed in runs
        for level in levels
        if (task, potential) not in failed
    ]
    return StudyResults(
        name="quick",
        study={
            "name": "quick",
            "dataset": "synthetic-v1",
            "tasks": TASKS,
            "levels": list(levels),
            "potentials": list(potentials),
            "seeds": list(seeds),
            "train_frames": 400,
        },
        dataset=DatasetFacts(
            name="synthetic-v1",
            sha256=SHA256,
            reference="gfn2-xtb",
            reference_settings={"method": "GFN2-xTB", "accuracy": 0.1},
            sampling={"temperature_K": 500, "friction_per_fs": 0.01},
            molecules=254,
            frames=11900,
        ),
        certificates=tuple(certificate(t, level) for t in TASKS for level in levels),
        units=tuple(unit(t, levels, p, s, (t, p) in failed) for t, p, s in runs),
        scores=tuple(scores),
        pairs=tuple(pairs(scores)),
        provenance={
            "command": "mlip-compose run quick",
            "started": "2026-01-01T10:00:00+00:00",
            "versions": {"mlip-compose": "0.1.0", "numpy": "2.1.0"},
            "platform": "Linux x86_64, 2 cores",
        },
    )


@pytest.fixture(scope="session")
def make_results() -> Callable[..., StudyResults]:
    """Return the function that builds a study of given potentials, levels, seeds and failures."""
    return study_results


@pytest.fixture(scope="session")
def results() -> StudyResults:
    """Return three potentials on four tasks at level 2; mace-small failed on transfer."""
    return study_results()
