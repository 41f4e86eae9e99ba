"""The total charge and the spin multiplicity that a frame says, in any common spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError
from mlip_compose.store.formats.keys import CHARGE_WORDS, SPIN_WORDS, Keys, state_key

WHOLE: Final = 0.1
"""Charges and magnetic moments of atoms may be so far from a whole number in sum."""


class State(NamedTuple):
    """The electronic state of a frame.

    Attributes
    ----------
    charge
        Total charge, elementary charges; None where nothing says one.
    spin
        Spin multiplicity 2S + 1; None where nothing says one.
    notes
        What was taken for granted, in words.
    """

    charge: int | None = None
    spin: int | None = None
    notes: tuple[str, ...] = ()


def state_of(where: str, atoms: Any, values: Mapping[str, Any], keys: Keys) -> State:
    """Return the state that a structure of ASE says.

    The charge is that of the metadata (``charge``, ``total_charge``, ...), or the sum of ASE's
    ``initial_charges``; the spin that of the metadata (``spin``, ``multiplicity``, ...), or follows
    from the sum of ASE's ``initial_magmoms``.

    Parameters
    ----------
    where
        The frame, for messages.
    atoms
        ASE's ``Atoms``.
    values
        All values of the frame by name.
    keys
        Names that the user gives.

    Raises
    ------
    DataError
        A value is no charge or spin, or two values contradict each other.
    """
    notes: list[str] = []
    charge = charge_of(where, state_value(values, CHARGE_WORDS, keys.charge))
    summed = _sum(where, "initial_charges", atoms.arrays)
    if summed:
        if charge not in (None, summed):
            raise DataError(
                f"one total charge in {where}", f"{charge}, and initial_charges of {summed} in sum"
            )
        charge = summed
        notes.append("the charge is the sum of initial_charges")
    numbers = np.asarray(atoms.numbers)
    name, value = state_value(values, SPIN_WORDS, keys.spin)
    spin = spin_of(where, (name, value), numbers, charge or 0)
    moments = abs(_sum(where, "initial_magmoms", atoms.arrays) or 0)
    if moments and (moments + int(numbers.sum()) - (charge or 0)) % 2:
        notes.append("initial_magmoms that the number of electrons does not allow do not count")
    elif moments:
        if spin not in (None, moments + 1):
            raise DataError(
                f"one spin multiplicity in {where}",
                f"{spin}, and initial_magmoms of {moments} in sum",
            )
        spin = moments + 1
        notes.append("the spin follows from the sum of initial_magmoms")
    return State(charge, spin, tuple(notes))


def state_value(
    values: Mapping[str, Any], words: tuple[str, ...], given: str | None
) -> tuple[str, Any]:
    """Return the name and the value of a charge or spin among values; no name where there is none.

    An array of more than one number is a property of the atoms, no state.
    """
    single = [name for name, value in values.items() if np.size(value) == 1]
    key = state_key(single, words, given)
    return (key, values[key]) if key is not None else ("", None)


def charge_of(where: str, said: tuple[str, Any]) -> int | None:
    """Return the total charge that a name and its value say, elementary charges.

    Raises
    ------
    DataError
        It is no whole number.
    """
    name, value = said
    if not name:
        return None
    number = _number(value)
    if not number.is_integer():
        raise DataError(f"a whole number as {name} in {where}", repr(value))
    return int(number)


def spin_of(where: str, said: tuple[str, Any], numbers: Any, charge: int) -> int | None:
    """Return the spin multiplicity that a name and its value say.

    A value under ``spin`` is a multiplicity 2S + 1, as OMol25 and fairchem have it, where the
    number of electrons allows that; else the number of unpaired electrons 2S, as in PySCF; or S
    where it is half of an odd number. The number of electrons tells the first two apart.

    Parameters
    ----------
    where
        The frame, for messages.
    said
        The name and the value; an empty name where nothing says a spin.
    numbers : (N,) int
        Atomic numbers.
    charge
        Total charge, elementary charges.

    Raises
    ------
    DataError
        The number of electrons does not allow the value.
    """
    name, value = said
    if not name:
        return None
    number = _number(value)
    electrons = int(np.sum(numbers)) - charge
    if (2 * number).is_integer() and not number.is_integer() and "mult" not in name.lower():
        number = 2 * number + 1
    multiplicity = int(number) if number.is_integer() else 0
    if multiplicity >= 0 and "mult" not in name.lower() and (multiplicity + electrons) % 2 == 0:
        multiplicity += 1  # unpaired electrons
    if not number.is_integer() or multiplicity < 1 or (multiplicity + electrons) % 2 == 0:
        raise DataError(
            f"a spin multiplicity of {electrons} electrons as {name} in {where}", repr(value)
        )
    return multiplicity


def _sum(where: str, name: str, arrays: Mapping[str, Any]) -> int | None:
    """Return the sum of an array over the atoms, a whole number; None where there is no array."""
    if name not in arrays:
        return None
    total = float(np.sum(np.asarray(arrays[name], dtype=np.float64)))
    if not abs(total - round(total)) <= WHOLE:
        raise DataError(f"{name} of a whole number in sum in {where}", f"{total:.3f}")
    return round(total)


def _number(value: Any) -> float:
    try:
        (number,) = np.asarray(value, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return float("nan")
    return float(number)
