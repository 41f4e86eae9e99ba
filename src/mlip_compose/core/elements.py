"""Symbols of elements, as people write them."""

from __future__ import annotations

from typing import Final

_ISOTOPES: Final = {"D": "deuterium", "T": "tritium"}


def check_symbol(text: str) -> None:
    """Raise ValueError unless a text is the symbol of an element, such as ``Cl``."""
    from ase.data import atomic_numbers

    if not atomic_numbers.get(text):  # ASE's X, number 0, is no element
        isotope = _ISOTOPES.get(text)
        hint = f", which is {isotope}: its element is H" if isotope else ""
        raise ValueError(f"expected the symbol of an element, such as Cl; found {text!r}{hint}")
