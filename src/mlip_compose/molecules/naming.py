"""Readable names by the rules of IUPAC's substitutive nomenclature: butan-1-ol for OH-4-H.

The senior end group is the suffix, the other one a prefix (order of seniority: P-41 of the 2013
recommendations; halogens are always prefixes). The carbon of CHO, COOH and CONH2 belongs to the
parent chain, that of CN only where it is the suffix (as a prefix it is cyano). Names are systematic
throughout: ethanoic acid rather than acetic acid.
"""

from collections.abc import Mapping
from functools import cache
from itertools import combinations_with_replacement
from typing import Final, NamedTuple

from mlip_compose.core.records import Parts
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import MAX_CHAIN, canonical_parts


class _Suffix(NamedTuple):
    text: str
    has_carbon: bool  # its carbon ends the parent chain, so that it needs no locant


class _Prefix(NamedTuple):
    words: tuple[str, ...]
    has_carbon: bool


# In order of seniority.
_SUFFIXES: Final = {
    "COOH": _Suffix("oic acid", has_carbon=True),
    "CONH2": _Suffix("amide", has_carbon=True),
    "CN": _Suffix("nitrile", has_carbon=True),
    "CHO": _Suffix("al", has_carbon=True),
    "OH": _Suffix("ol", has_carbon=False),
    "SH": _Suffix("thiol", has_carbon=False),
    "NH2": _Suffix("amine", has_carbon=False),
}
_PREFIXES: Final = {
    "H": _Prefix((), has_carbon=False),
    "F": _Prefix(("fluoro",), has_carbon=False),
    "Cl": _Prefix(("chloro",), has_carbon=False),
    "NH2": _Prefix(("amino",), has_carbon=False),
    "SH": _Prefix(("sulfanyl",), has_carbon=False),
    "OH": _Prefix(("hydroxy",), has_carbon=False),
    "CHO": _Prefix(("oxo",), has_carbon=True),
    "CN": _Prefix(("cyano",), has_carbon=False),
    "CONH2": _Prefix(("amino", "oxo"), has_carbon=True),
}
_SMALL: Final = ("", "meth", "eth", "prop", "but")
_UNITS: Final = ("", "hen", "do", "tri", "tetra", "penta", "hexa", "hepta", "octa", "nona")
_TENS: Final = ("", "deca", "icosa", "triaconta", *(f"{unit}conta" for unit in _UNITS[4:]))


def readable_name(parts: Parts) -> str:
    """Return the systematic name of a molecule of the ten groups: ``butan-1-ol`` for OH-4-H.

    Parameters
    ----------
    parts
        End groups and chain length, in either order.

    Returns
    -------
    str
        A name that no other molecule X-(CH2)n-Y has. With another group it is that of the series,
        such as ``*Br-4-H``.

    Raises
    ------
    UnknownNameError, NotOfThisKindError
        See :func:`mlip_compose.molecules.series.canonical_parts`.
    """
    left, chain, right = ordered = canonical_parts(*parts)
    if not {left, right} <= END_GROUPS.keys():
        return ordered.name
    principal = next((group for group in _SUFFIXES if group in (left, right)), None)
    if principal is None:
        return _without_suffix(left, chain, right)
    return _with_suffix(principal, chain, right if left == principal else left)


def parts_of_readable(name: str) -> Parts | None:
    """Return the parts of a systematic name such as ``butan-1-ol``; None for any other text."""
    return _parts_by_name().get(name)


@cache
def _parts_by_name() -> Mapping[str, Parts]:
    pairs = combinations_with_replacement(END_GROUPS, 2)
    every = (canonical_parts(x, n, y) for x, y in pairs for n in range(1, MAX_CHAIN + 1))
    return {readable_name(parts): parts for parts in every}


def _without_suffix(left: str, chain: int, right: str) -> str:
    """Name an alkane or a halide: 1-chloro-4-fluorobutane."""
    words = sorted(_PREFIXES[left].words + _PREFIXES[right].words)
    locants = [str(place) for place in (1, chain)[: len(words)]]
    if chain == 1 or (chain == 2 and len(words) == 1):  # a locant has no choice
        locants = []
    if len(words) == 2 and words[0] == words[1]:
        prefix = _located(",".join(locants), f"di{words[0]}")
    elif locants:
        prefix = "-".join(map(_located, locants, words))
    else:
        prefix = "".join(words)
    return f"{prefix}{_stem(chain)}ane"


def _with_suffix(principal: str, chain: int, other: str) -> str:
    """Name any other molecule: 4-aminobutan-1-ol, hexanedioic acid."""
    suffix, ending = _SUFFIXES[principal], _SUFFIXES[principal].text
    if other == principal:
        words: tuple[str, ...] = ()
        ending = f"di{ending}"
        size = chain + 2 * suffix.has_carbon
        locant = f"1,{size}"
    else:
        words = _PREFIXES[other].words
        size = chain + suffix.has_carbon + _PREFIXES[other].has_carbon
        locant = "" if size == 2 and not words else "1"
    if suffix.has_carbon or size == 1:
        locant = ""
    prefix = "-".join(_located(str(size) if size > 1 else "", word) for word in words)
    vowel = "" if ending[0] in "aio" else "e"
    return f"{prefix}{_stem(size)}an{vowel}{f'-{locant}-' if locant else ''}{ending}"


def _located(locant: str, word: str) -> str:
    return f"{locant}-{word}" if locant else word


def _stem(carbons: int) -> str:
    """Name the number of carbons of a parent chain, 1 to 99: but, dodec, henicos (rule A-1.1)."""
    if carbons < len(_SMALL):
        return _SMALL[carbons]
    if carbons == 11:
        return "undec"
    ten, unit = divmod(carbons, 10)
    tens = _TENS[ten]
    if tens == "icosa" and unit > 1:  # its i is dropped after a vowel: docosane
        tens = "cosa"
    return f"{_UNITS[unit]}{tens}".removesuffix("a")
