"""The molecules of a study for the page's script: drawings, errors by potential, and frames."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from mlip_compose.core.packing import pack
from mlip_compose.evaluation.gallery import (
    FAILED,
    FORCE_STEP,
    LENGTH_STEP,
    Gallery,
    GalleryMember,
    GalleryMolecule,
    GallerySet,
)
from mlip_compose.evaluation.results import Metric, MoleculeScore
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.figures.drawings import draw_molecule, formula_of
from mlip_compose.report.sections.leaderboard import default_level, metrics_of
from mlip_compose.report.sections.map_cells import place_of
from mlip_compose.report.words import family_label, number

LIMIT: Final = 3_000_000
"""Bytes that all frames together take in a page; levels that do not fit have none."""

METRICS: Final = ("forces_mae", "forces_mae_novel", "energy_mae_per_atom_within")
"""What the table of a molecule shows of it."""

Document = dict[str, Any]
Scores = dict[str, dict[str, MoleculeScore]]
"""By potential and molecule."""


def molecules_document(results: StudyResults, limit: int = LIMIT) -> Document | None:
    """Return what the script needs to show the molecules of a study; None without a gallery.

    Returns
    -------
    dict
        ``reference``: the level of theory; ``index``: drawings, errors and names as JSON, deflated
        (zlib) and in base64; ``values``: the numbers of each set, as they are in the gallery, None
        where they are over the limit.
    """
    gallery = results.gallery
    if gallery is None or not gallery.sets:
        return None
    index = {
        "molecules": {molecule.name: _molecule(molecule) for molecule in gallery.molecules},
        "sets": [_set(members, results, gallery) for members in gallery.sets],
        "columns": [_column(metric) for metric in _columns(results)],
        "step": {"length": LENGTH_STEP, "force": FORCE_STEP},
        "failed": FAILED,
    }
    document = json.dumps(index, separators=(",", ":"), sort_keys=True, allow_nan=False)
    text = pack(document.encode())
    within = _within(gallery.sets, limit - len(text), default_level(results))
    return {
        "reference": results.dataset.reference,
        "index": text,
        "values": [
            members.values if i in within else None for i, members in enumerate(gallery.sets)
        ],
    }


def _within(sets: Iterable[GallerySet], room: int, level: int) -> set[int]:
    """Return which sets fit: those of the level shown first, then those of the levels near it."""
    order = sorted(enumerate(sets), key=lambda pair: abs(pair[1].level - level))
    within = set()
    for i, members in order:
        if len(members.values) > room:
            break
        room -= len(members.values)
        within.add(i)
    return within


def _molecule(molecule: GalleryMolecule) -> Document:
    from rdkit.Chem import GetPeriodicTable

    drawing = draw_molecule(molecule.numbers, molecule.bonds, molecule.charges)
    return {
        "smiles": molecule.smiles,
        "formula": formula_of(molecule.numbers),
        "about": _about(molecule.name),
        "elements": [GetPeriodicTable().GetElementSymbol(number) for number in molecule.numbers],
        "bonds": molecule.bonds,
        "drawing": {
            "width": drawing.width,
            "height": drawing.height,
            "path": drawing.path,
            "letters": drawing.letters,
            "atoms": drawing.atoms,
        },
    }


def _about(name: str) -> str:
    """Return the parts of a molecule in words; nothing for a molecule of no series."""
    place = place_of(name)
    if place is None:
        return ""
    ends = [family_label(end) for end in (place.left, place.right)]
    ends = ends[:1] if place.single else ends
    return f"{' and '.join(ends)}, n = {place.chain}"


def _columns(results: StudyResults) -> list[Metric]:
    return [metric for metric in metrics_of(results) if metric.name in METRICS]


def _column(metric: Metric) -> Document:
    return {"label": metric.label, "unit": metric.unit, "about": metric.aggregation}


def _set(frames: GallerySet, results: StudyResults, gallery: Gallery) -> Document:
    metrics = _columns(results)
    scores: Scores = {
        score.potential: {molecule.molecule: molecule for molecule in score.molecules}
        for score in results.scores
        if (score.task, score.level, score.seed) == (frames.task, frames.level, frames.seed)
    }
    atoms = {molecule.name: len(molecule.numbers) for molecule in gallery.molecules}
    members, start = {}, 0
    for member in frames.members:
        members[member.molecule] = _member(member, start) | {
            "table": [
                _row(scores.get(potential.name, {}).get(member.molecule), metrics)
                for potential in frames.potentials
            ],
            "tested": max(
                (
                    tested[member.molecule].frames
                    for tested in scores.values()
                    if member.molecule in tested
                ),
                default=0,
            ),
        }
        start += atoms[member.molecule] * len(member.frames)
    return {
        "task": frames.task,
        "level": str(frames.level),
        "seed": frames.seed,
        "radius": frames.coverage_radius,
        "potentials": [potential.model_dump() for potential in frames.potentials],
        "members": members,
        "clipped": frames.clipped,
        "first": _first(frames, scores),
    }


def _first(frames: GallerySet, scores: Scores) -> str:
    """Return the molecule to show first: the unseen one with the largest error of a potential."""
    errors = [
        (score.values.get("forces_mae", 0.0), score.molecule)
        for potential in frames.potentials[:1]
        for score in scores.get(potential.name, {}).values()
        if score.part == "ood"
    ]
    members = {member.molecule for member in frames.members}
    candidates = [pair for pair in errors if pair[1] in members]
    return max(candidates)[1] if candidates else frames.members[0].molecule


def _member(member: GalleryMember, start: int) -> Document:
    """Return a member; ``start`` is the row of the first atom of its first frame."""
    return {
        "part": member.part,
        "novel": member.novel,
        "start": start,
        "frames": [
            {
                "trajectory": frame.trajectory,
                "frame": frame.frame,
                "why": frame.why,
                "errors": [number(error) for error in frame.errors],
            }
            for frame in member.frames
        ],
    }


def _row(score: MoleculeScore | None, metrics: Iterable[Metric]) -> list[str]:
    values = score.values if score else {}
    return [number(values.get(metric.name)) for metric in metrics]
