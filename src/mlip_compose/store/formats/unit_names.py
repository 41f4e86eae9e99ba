"""Names of units as files of others write them, and the units of this program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlip_compose.core.units import FORCE_UNITS

ENERGIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ev", "electronvolt", "electronvolts"), "eV"),
    "mev": "meV",
    **dict.fromkeys(("kcal/mol", "kcalmol", "kcal/mole", "kcalmol-1", "kcalmol^-1"), "kcal/mol"),
    **dict.fromkeys(("kj/mol", "kjmol", "kj/mole", "kjmol-1", "kjmol^-1"), "kJ/mol"),
    **dict.fromkeys(("hartree", "hartrees", "ha", "eh", "e_h", "au", "a.u."), "Hartree"),
}
LENGTHS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("angstrom", "angstroms", "ang", "angs", "a", "\u00e5", "\u212b", "aa"), "Angstrom"
    ),
    **dict.fromkeys(("bohr", "bohrs", "a0", "a_0", "au", "a.u."), "Bohr"),
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre"), "nm"),
}


def energy_unit(text: str) -> str | None:
    """Return the unit of energy that a text names, such as ``Hartree`` for ``Ha``; None if none."""
    return ENERGIES.get(_plain(text))


def length_unit(text: str) -> str | None:
    """Return the unit of length that a text names, such as ``Angstrom`` for ``Ang``."""
    return LENGTHS.get(_plain(text))


def force_unit(text: str) -> str | None:
    """Return the unit of force that a text names, such as ``Hartree/Bohr`` for ``au``."""
    plain = _plain(text)
    if plain in {"au", "a.u."}:
        return "Hartree/Bohr"
    energy, _, length = plain.rpartition("/")
    name = f"{ENERGIES.get(energy)}/{LENGTHS.get(length)}"
    return name if name in FORCE_UNITS else None


def _plain(text: str) -> str:
    return "".join(text.lower().split())
