"""Certificates in plain words: what each says about the trust that a task deserves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mlip_compose.evaluation.results import Score
from mlip_compose.report.figures.drawings import Drawing, draw_fragment
from mlip_compose.report.words import DASH, number, percent

Document = Mapping[str, Any]

ALIKE: Final = 0.1
"""Divergence of atoms up to which a sentence calls them alike; CFQ asks for 0.02 of its splits."""


@dataclass(frozen=True)
class Reach:
    """One radius of a certificate: coverage (a fraction), its text, and the divergence."""

    radius: int
    coverage: float
    covered: str
    divergence: str


@dataclass(frozen=True)
class Surroundings:
    """Surroundings of an atom that training lacks.

    ``drawing`` is None where the SMILES cannot be read, ``root`` the atom that they are of.
    """

    smiles: str
    molecule: str
    atoms: str
    drawing: Drawing | None
    root: int | None


@dataclass(frozen=True)
class Evidence:
    """What the certificate of a task says, ready to be shown.

    ``table`` compares training with unseen molecules (label, training, unseen); ``unseen`` are
    examples of environments that training lacks, ``unseen_note`` says of how many; ``sound`` is
    what holds where there are no ``leaks``.
    """

    task: str
    level: int
    radius: str
    sentences: tuple[str, ...]
    reach: tuple[Reach, ...]
    table: tuple[tuple[str, str, str], ...]
    unseen: tuple[Surroundings, ...]
    unseen_note: str
    sound: str
    leaks: tuple[str, ...]


def evidence(certificate: Document, scores: Iterable[Score] = ()) -> Evidence:
    """Return a certificate (a document of ``tasks certify --json``) in plain words.

    What a certificate does not say is shown as a dash or left out. Potentials with typed terms,
    among the ``scores`` of the same task and level, say how far they agree with it.
    """
    unseen = certificate.get("unseen") or {}
    return Evidence(
        task=str(certificate.get("task", DASH)),
        level=int(certificate.get("level", 0)),
        radius=str(certificate.get("coverage_radius", DASH)),
        sentences=tuple(
            text
            for text in (
                _covered(certificate),
                _beyond(certificate),
                _divergence(certificate),
                _shift(certificate),
                *(_met(score) for score in scores if _same_split(certificate, score)),
            )
            if text
        ),
        reach=_reach(certificate),
        table=_table(certificate),
        unseen=tuple(_surroundings(example) for example in unseen.get("examples", ())),
        unseen_note=_unseen_note(unseen),
        sound=_sound(certificate),
        leaks=tuple(
            str(leak["reason"]) if isinstance(leak, Mapping) and "reason" in leak else str(leak)
            for leak in certificate.get("leaks", ())
        ),
    )


def _is_untrained(certificate: Document) -> bool:
    return "train_molecules" in certificate and not certificate["train_molecules"]


def _covered(certificate: Document) -> str:
    radius = certificate.get("coverage_radius")
    if radius is None:
        return ""
    if _is_untrained(certificate):
        return "Nothing is trained on here: every molecule is a test, and no part of one was shown."
    train, ood = (len(certificate.get(key, ())) for key in ("train_molecules", "ood_molecules"))
    where = f"in the {ood} unseen molecules"
    if radius < 0:
        return f"Some elements {where} occur in none of the {train} training molecules."
    noun = {0: "element", 1: "atom together with its direct neighbours"}.get(
        radius, f"neighbourhood of radius {radius} (an atom and all that is within {radius} bonds)"
    )
    text = f"Every {noun} {where} also occurs in the {train} training molecules."
    level = certificate.get("level")
    if level is not None and level != radius:
        text += f" On the full set of molecules this holds up to radius {level}, the level."
    return text


def _beyond(certificate: Document) -> str:
    radius, coverage = certificate.get("coverage_radius"), certificate.get("coverage", ())
    if radius is None or _is_untrained(certificate):
        return ""
    if radius + 1 >= len(coverage):
        return "That is the largest radius that was looked at."
    text = (
        f"At radius {radius + 1}, {percent(1.0 - coverage[radius + 1])} of the atoms of the unseen "
        "molecules have surroundings that no training molecule shows"
    )
    unseen = certificate.get("unseen")
    if unseen:
        text += f": {unseen['count']} different ones, around {unseen['ood_atoms']} atoms"
    return f"{text}. These are the novel atoms."


def _divergence(certificate: Document) -> str:
    """Say what the two divergences mean together, as CFQ judges a split by them."""
    atoms, compounds = (certificate.get(f"{kind}_divergence", ()) for kind in ("atom", "compound"))
    radii = certificate.get("compound_divergence_radii", ())
    if not atoms or not compounds or len(radii) != len(compounds):
        return ""
    largest = max(atoms)
    alike = (
        "nearly as often in training as in the test"
        if largest <= ALIKE
        else "not as often in training as in the test"
    )
    return (
        f"The same atoms, with their neighbours, occur {alike} (divergence at most {largest:.3f}); "
        f"what they combine to differs more with its size, from {compounds[0]:.3f} at radius "
        f"{radii[0]} to {compounds[-1]:.3f} at radius {radii[-1]} (0: alike, 1: nothing in common)."
    )


def _surroundings(example: Document) -> Surroundings:
    smiles = str(example.get("smiles", ""))
    drawing = root = None
    with suppress(ValueError):
        drawing, root = draw_fragment(smiles)
    return Surroundings(
        smiles=smiles,
        molecule=str(example.get("molecule", "")),
        atoms=str(example.get("ood_atoms", DASH)),
        drawing=drawing,
        root=root,
    )


def _unseen_note(unseen: Document) -> str:
    examples, count = unseen.get("examples", ()), unseen.get("count")
    if not examples or count is None:
        return ""
    radius = unseen.get("radius", DASH)
    some = (
        f"the {len(examples)} most frequent of {count}" if len(examples) < count else f"all {count}"
    )
    return (
        f"{some[0].upper()}{some[1:]}, each with the number of atoms of the unseen molecules that "
        f"have it. The ring is around the atom that they are of; bonds end where the molecule goes "
        f"on, {radius} bonds away."
    )


def _shift(certificate: Document) -> str:
    force = certificate.get("force_magnitude")
    if not force:
        return ""
    return (
        f"The mean force on an atom is {number(force['ood'])} {_unit(force)} in the OOD frames "
        f"and {number(force['id'])} {_unit(force)} in the ID frames."
    )


def _same_split(certificate: Document, score: Score) -> bool:
    return (score.task, score.level) == (certificate.get("task"), certificate.get("level"))


def _met(score: Score) -> str:
    """Say how many terms of a potential with typed terms are of types that training lacks."""
    if not score.unseen_terms:
        return ""
    total = sum(terms for _, terms in score.unseen_terms.values())
    unseen = {kind: count for kind, (count, _) in score.unseen_terms.items() if count}
    if not unseen:
        return f"{score.potential} met no unseen type among its {total:,} terms."
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in unseen.items())
    return (
        f"{score.potential} met unseen types in {sum(unseen.values()):,} of its {total:,} terms of "
        f"the unseen molecules ({kinds}) and took coarser types for them."
    )


def _sound(certificate: Document) -> str:
    tolerance = certificate.get("duplicate_tolerance")
    if tolerance is None:
        return "No leak: no molecule is in training and among the unseen ones (InChIKey)."
    return (
        "No leak: no molecule is in training and among the unseen ones (InChIKey), and no test "
        f"frame is a training frame or nearly so (interatomic distances within {tolerance:g} Å, "
        "root mean square)."
    )


def _unit(shift: Document) -> str:
    return str(shift.get("unit", "")).replace("Angstrom", "Å")


def _reach(certificate: Document) -> tuple[Reach, ...]:
    divergences: Sequence[float] = (
        *certificate.get("atom_divergence", ()),
        *certificate.get("compound_divergence", ()),
    )
    return tuple(
        Reach(
            radius,
            fraction,
            percent(fraction),
            f"{divergences[radius]:.3f}" if radius < len(divergences) else DASH,
        )
        for radius, fraction in enumerate(certificate.get("coverage", ()))
    )


def _table(certificate: Document) -> tuple[tuple[str, str, str], ...]:
    sizes, elements = certificate.get("sizes") or {}, certificate.get("elements") or {}
    rows = [
        ("molecules", *(_count(sizes, f"{side}_molecules") for side in ("train", "ood"))),
        ("atoms", *(_count(sizes, f"{side}_atoms") for side in ("train", "ood"))),
    ]
    heavy = certificate.get("heavy_atoms")
    if heavy:
        rows.append(("heavy atoms a molecule", number(heavy["id"]), number(heavy["ood"])))
    if elements:
        rows.append(("elements", *(_elements(elements.get(side)) for side in ("train", "ood"))))
    frames = certificate.get("frames")
    if frames:
        rows.append(
            (
                "frames",
                f"{frames['train']} to fit, {frames['validation']} to choose settings, "
                f"{frames['id']} ID test",
                f"{frames['ood']} OOD test",
            )
        )
    return tuple((label, train, ood) for label, train, ood in rows)


def _count(sizes: Document, key: str) -> str:
    return f"{sizes[key]:,}" if key in sizes else DASH


def _elements(counts: Document | None) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) if counts else DASH
