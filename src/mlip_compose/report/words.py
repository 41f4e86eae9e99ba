"""The words of the report: end groups, tasks, roles and the terms that a reader may not know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeGuard

from mlip_compose.core.records import OTHER, Interval
from mlip_compose.molecules.groups import END_GROUPS

DASH = "–"
_TOGETHER = re.compile(r"(?<=\d) (?=%|meV|eV|kcal|Å)|(?<=[nr*]) (?== \d)|(?<==) (?=\d)")


def is_number(value: float | None) -> TypeGuard[float]:
    """Return whether a value is there and finite."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """Return a value with about three significant digits, ``34.7``; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    text = f"{value:,.{digits}f}" if size >= 0.0005 else f"{value:.1e}"
    return text.replace("-", "−")


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals, one from 10 and none from 100 on; a dash where none is."""
    if value is None or not math.isfinite(value):
        return DASH
    return number(value) if value >= 9.995 else f"{value:.2f}"


def between(interval: Interval | None, as_ratio: bool = False) -> str:
    """Return the limits of an interval, ``1.62 to 2.21``; empty where there are none."""
    if interval is None or not (is_number(interval.low) and is_number(interval.high)):
        return ""
    write = ratio if as_ratio else number
    return f"{write(interval.low)} to {write(interval.high)}"


def bracketed(interval: Interval | None, as_ratio: bool = False) -> str:
    """Return a value with its limits, ``1.90 [1.62 to 2.21]``; a dash where there is none.

    A value without limits, as of a single molecule, stands alone.
    """
    if interval is None:
        return DASH
    write, limits = ratio if as_ratio else number, between(interval, as_ratio=as_ratio)
    return f"{write(interval.value)} [{limits}]" if limits else write(interval.value)


def percent(fraction: float | None) -> str:
    """Return a fraction as per cent; 100 % and 0 % only where they are exact."""
    if fraction is None or not math.isfinite(fraction):
        return DASH
    if fraction in (0.0, 1.0):
        return f"{100 * fraction:.0f} %"
    return f"{min(max(100 * fraction, 0.1), 99.9):.1f} %"


def unbroken(text: str) -> str:
    """Return a text in which a number and its unit, and ``n = 9``, stand on one line."""
    return _TOGETHER.sub("\N{NO-BREAK SPACE}", text)


def duration(seconds: float | None) -> str:
    """Return a time span in its natural unit: ``0.90 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 99.5:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


QUESTION: Final = (
    "Has a machine-learned potential learned that molecules are made of parts, "
    "or does it interpolate the molecules it was trained on?"
)

_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

GROUPS: Final = {
    **{name: (name.translate(_SUBSCRIPTS), group.family) for name, group in END_GROUPS.items()},
    "*Br": ("Br", "bromide"),
    "*I": ("I", "iodide"),
    "*OC": ("OCH₃", "methyl ether"),
    "*OCC": ("OC₂H₅", "ethyl ether"),
    "*SC": ("SCH₃", "methyl sulfide"),
    "*NC": ("NHCH₃", "methylamine"),
    "*N(C)C": ("N(CH₃)₂", "dimethylamine"),
    "*N(=O)=O": ("NO₂", "nitro"),
    "*[NH3+]": ("NH₃⁺", "ammonium"),
    "*C=C": ("CH=CH₂", "alkene"),
    "*C#C": ("C≡CH", "alkyne"),
    "*C(C)=O": ("COCH₃", "methyl ketone"),
    "*C(=O)OC": ("COOCH₃", "methyl ester"),
    "*OC(C)=O": ("OCOCH₃", "acetate"),
    "*C(=O)[O-]": ("COO⁻", "carboxylate"),
    "*C(F)(F)F": ("CF₃", "trifluoromethyl"),
    "*C(C)C": ("CH(CH₃)₂", "isopropyl"),
    "*C(C)(C)C": ("C(CH₃)₃", "tert-butyl"),
    "*c1ccccc1": ("C₆H₅", "phenyl"),
}
"""End group -> its formula and the name of its family: the ten in canonical order, then others that
are often met. Any other group is called by its SMILES."""

NO_SERIES: Final = "in no series"

TASKS: Final = {
    "length": "Trained on short chains of every family, tested on chains of 7 to 12 carbons.",
    "crossing": (
        "Half of the families are trained on short chains and the other half on long ones; "
        "each half is tested on the lengths that only the other half has shown."
    ),
    "transfer": (
        "Three families are trained on short chains only and tested on long ones; "
        "the other families are trained at every length."
    ),
    "recombination": (
        "Trained on molecules with one end group, tested on molecules with one at each end."
    ),
    "whole": (
        "Trained on nothing, tested on every molecule: for potentials that were trained elsewhere."
    ),
}

GLOSSARY: Final = {
    "molecule": (
        "X-(CH2)n-Y: two end groups on a linear chain of n carbons. OH-4-H is butan-1-ol; "
        "carbons inside an end group do not count in n."
    ),
    "family": "All molecules with the same end group, such as the alcohols.",
    "task": "A rule that splits the molecules into training molecules and unseen ones.",
    "ID": (
        "In distribution: new geometries of the training molecules, from an independent trajectory."
    ),
    "OOD": "Out of distribution: geometries of molecules that were not in training.",
    "gap": (
        "OOD error divided by ID error. 1: unseen molecules are predicted as well as training "
        "molecules. A small gap says nothing about the size of the errors themselves."
    ),
    "level": (
        "How much of its parts a task shows in training: the coverage radius on the full set of "
        "molecules. A higher level is an easier task; level 2 is the standard."
    ),
    "coverage radius": (
        "The largest r for which every neighbourhood out to r bonds, around any atom of the "
        "unseen molecules, also occurs in a training molecule."
    ),
    "novel atoms": (
        "Atoms of the unseen molecules whose neighbourhood one bond beyond the coverage radius "
        "occurs in no training molecule; the other atoms are familiar."
    ),
    "like with like": (
        "Unseen molecules have the same neighbourhoods out to r* bonds as training molecules, but "
        "another share of each: with two end groups more atoms are near one, in a longer chain "
        "fewer. In this gap the ID error is an average over the shares that the unseen molecules "
        "have, so that only what a potential gets wrong there counts, and not that one kind of "
        "atom is harder than another."
    ),
    "divergence": (
        "How differently neighbourhoods are distributed in training and test: 0 alike, "
        "1 nothing in common. Up to r = 1 (atoms) it should be small; beyond (compounds) it is "
        "what makes the task hard. Defined by Keysers et al. 2020 (CFQ)."
    ),
    "interval": (
        "From a bootstrap that draws molecules with replacement, because frames of one molecule "
        "are not independent. It does not include the variation between training seeds."
    ),
    "seed": (
        "A number that chooses the frames and the first parameters of a training. Several seeds "
        "are several trainings of the same potential."
    ),
    "rank": (
        "1 is the smallest value. Its interval says how the order would come out with other "
        "molecules: all potentials are ranked anew on each resample of the molecules."
    ),
    "ceiling gap": (
        "The error on unseen molecules divided by that of the same potential trained, on as many "
        "frames, with these molecules included. Both on the very same frames, which neither has "
        "seen: the second half of the trajectories, of whose first half the ceiling has frames. 1: "
        "nothing is lost by not having trained on them. Unlike the gap it does not depend on "
        "whether the unseen molecules are harder than the training molecules."
    ),
    "horizon": "The smallest level at which a potential's gap is at most 1.5.",
    "receptive field": (
        "How many bonds along a chain an atom's energy can depend on. For message passing: the "
        "bonds that are always within the cutoff, times the number of layers. A potential that "
        "sees further than the coverage radius sees surroundings that training did not show."
    ),
    "zero-shot": (
        "Trained elsewhere, on other labels, and on nothing of this data. Such a potential's "
        "numbers mix its own errors with the difference between its level of theory and the "
        "reference's. Energies count from a zero of its own: raw energy errors are left out, and "
        "so are reaction energies that are not balanced in elements, but for those with "
        "per-element offsets, which are fitted on training labels only."
    ),
    "frame": (
        "One geometry of a molecule, with its reference energy and forces. A molecule has two "
        "independent trajectories: frames of the primary one are for training and OOD tests, those "
        "of the secondary one for validation and ID tests."
    ),
}

ANY_MOLECULE: Final = (
    "Any connected graph of atoms and bonds. X-(CH2)n-Y is in a series: two end groups on a linear "
    "chain of n carbons. OH-4-H is butan-1-ol, *Br-4-H is 1-bromobutane; other molecules have the "
    "name that the data gives them."
)
ANY_FAMILY: Final = (
    "All molecules with the same end group, such as the alcohols; a group without a name is "
    "written as SMILES, where * is the atom that it is bonded to."
)


ONE_TRAJECTORY: Final = (
    "In distribution: other geometries of the training molecules, from an independent trajectory "
    "where they have one; the task says where they are from the one that was trained on."
)


def glossary_of(molecules: Iterable[str], one_trajectory: bool = False) -> dict[str, str]:
    """Return what terms mean in a study.

    Parameters
    ----------
    molecules
        Names of its molecules: of the series of the ten groups, or any.
    one_trajectory
        Whether a task cuts ID tests from the trajectory that is trained on.
    """
    parts = (part for name in molecules for part in name.split("-"))
    if not all(part in END_GROUPS or part.isdecimal() for part in parts):
        words = GLOSSARY | {"molecule": ANY_MOLECULE, "family": ANY_FAMILY}
    else:
        words = dict(GLOSSARY)
    return words | ({"ID": ONE_TRAJECTORY} if one_trajectory else {})


ROLES: Final = {
    "learned": "Trained potentials",
    "feasibility": "Feasibility: compositional by construction",
    "scale": "Scale: what no model at all would score",
}
"""Role of a potential -> the heading of its rows, in the order of the leaderboard."""

STANDARD_LEVEL: Final = 2


def formula(group: str) -> str:
    """Return an end group's formula with subscripts, ``NH₂``; unknown groups as they are."""
    return GROUPS[group][0] if group in GROUPS else group


def family_label(group: str) -> str:
    """Return a family's name with its formula, ``amine NH₂``; unknown groups as they are."""
    if group == OTHER:
        return NO_SERIES
    return f"{GROUPS[group][1]} {GROUPS[group][0]}" if group in GROUPS else group


def group_order(group: str) -> tuple[int, str]:
    """Return the sort key that puts end groups in canonical order, then unknown ones by name.

    What is in no series comes last.
    """
    order = list(GROUPS)
    if group == OTHER:
        return len(order) + 1, ""
    return (order.index(group), "") if group in GROUPS else (len(order), group)


def shortened(text: str, most: int = 22) -> str:
    """Return a text of at most so many characters; one that is cut ends with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def joined(words: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
