"""The names of numbers in files of others: those that the user gives, and those that people use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mlip_compose.core.documents import Handwritten, parse_document, read_text
from mlip_compose.core.errors import DataError, MissingLabelsError, RequestError

ENERGY_WORDS: Final = frozenset({"energy", "energies", "e", "etot", "etotal", "toten"})
FORCES_WORDS: Final = frozenset({"forces", "force", "f", "frc"})
POSITIONS_WORDS: Final = frozenset(
    {"positions", "pos", "r", "coords", "coordinates", "coord", "xyz", "conformations"}
)
NUMBERS_WORDS: Final = frozenset({"z", "numbers", "number", "charges"})
"""Names of atomic numbers; ``charges`` counts in ``nuclear_charges`` alone."""
CHARGE_WORDS: Final = ("charge", "total_charge", "molecular_charge", "tot_charge", "net_charge")
SPIN_WORDS: Final = ("spin", "multiplicity", "spin_multiplicity", "molecular_multiplicity", "mult")
FILLERS: Final = frozenset({"tot", "total", "free", "potential", "pot"})
"""Words that tell one energy or force of a system from no other one."""
OTHER_QUANTITIES: Final = frozenset(
    {
        *("per", "atom", "atoms", "peratom", "local", "atomic", "formation", "atomization"),
        *("binding", "interaction", "cohesive", "kinetic", "kin", "zero", "zpe", "corr"),
        *("correction", "shift", "offset", "error", "err", "std", "unit", "units", "diff", "delta"),
        *("mean", "max", "min", "rms", "weight", "var", "uncertainty", "homo", "lumo", "old"),
    }
)
"""Words in names of energies and forces that are no labels of the whole molecule."""
REFERENCE: Final = "ref"
"""The word of the labels that count before all others, ``REF_energy`` and ``REF_forces``."""
SHOWN: Final = 30
"""Most names in a message."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class LabelKeys(NamedTuple):
    """The names of the energies and forces that are taken."""

    energy: str
    forces: str


class Keys(Handwritten):
    """The names that numbers have in a file, as far as the user says them.

    Attributes
    ----------
    energy, forces
        Of the labels.
    positions, numbers
        Of the geometry and the atomic numbers, in npz and HDF5.
    charge, spin
        Of the total charge (elementary charges), and of the spin multiplicity 2S + 1.
    name
        Of the name of the molecule, in metadata of a frame.
    """

    energy: str | None = None
    forces: str | None = None
    positions: str | None = None
    numbers: str | None = None
    charge: str | None = None
    spin: str | None = None
    name: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The names that the user says."""
        return self.model_dump(exclude_none=True)


ANY: Final = Keys()
"""Nothing is said: names that people use are taken."""


def load_keys(path: Path) -> Keys:
    """Read names from a YAML file, such as ``{energy: dft_energy, forces: dft_forces}``.

    Raises
    ------
    RequestError
        The file cannot be read, or is no mapping with keys of :class:`Keys`.
    """
    text = read_text(path, "mapping of keys", RequestError)
    return parse_document(text, Keys, "mapping of keys", str(path), RequestError)


def words_of(key: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``TotEnergy`` -> ``tot, energy``."""
    return tuple(word.lower() for word in _WORD.findall(key))


def label_keys(
    where: str, scalars: Collection[str], vectors: Collection[str], keys: Keys = ANY
) -> LabelKeys | None:
    """Choose the energies and forces of a file.

    Parameters
    ----------
    where
        The file, for messages.
    scalars
        Names of what is one number a frame.
    vectors
        Names of what is three numbers an atom.
    keys
        The names that the user gives.

    Returns
    -------
    LabelKeys | None
        The names that the user gives; else ``REF_energy`` and ``REF_forces``; else the only energy
        and forces whose names differ by these words alone, such as ``dft_energy`` and
        ``dft_forces``, ``TotEnergy`` and ``force``. None where there are none.

    Raises
    ------
    DataError
        Several pairs fit, or the names that the user gives are not there.
    """
    if keys.energy and keys.forces:
        _check_there(where, LabelKeys(keys.energy, keys.forces), scalars, vectors)
        return LabelKeys(keys.energy, keys.forces)
    energies, forces = _stems(scalars, ENERGY_WORDS), _stems(vectors, FORCES_WORDS)
    if keys.energy:
        energies = {keys.energy: energies.get(keys.energy)}
    if keys.forces:
        forces = {keys.forces: forces.get(keys.forces)}
    if keys.energy or keys.forces:
        _check_there(where, LabelKeys(keys.energy or "", keys.forces or ""), scalars, vectors)
    pairs = [
        LabelKeys(energy, force)
        for energy, stem in energies.items()
        for force, other in forces.items()
        if stem == other or stem is None or other is None
    ]
    return only_pair(where, _first_of_its_kind(pairs))


def only_pair(where: str, pairs: Sequence[LabelKeys]) -> LabelKeys | None:
    """Return the only pair; None where there is none.

    Raises
    ------
    DataError
        There are several.
    """
    if len(pairs) > 1:
        raise DataError(
            f"one pair of energies and forces in {where}",
            "; ".join(f"{pair.energy} and {pair.forces}" for pair in pairs[:SHOWN]),
            "Name the pair with --energy-key and --forces-key.",
        )
    return pairs[0] if pairs else None


def _first_of_its_kind(pairs: list[LabelKeys]) -> list[LabelKeys]:
    """Return the labels of reference where there are some, and plain names before longer ones."""
    reference = [pair for pair in pairs if words_of(pair.energy)[:1] == (REFERENCE,)]
    pairs = reference or pairs
    plain = {pair.forces for pair in pairs if len(words_of(pair.energy)) == 1}
    return [p for p in pairs if p.forces not in plain or len(words_of(p.energy)) == 1]


def _stems(names: Iterable[str], kind: frozenset[str]) -> dict[str, tuple[str, ...] | None]:
    """Return the names of a kind, each with its other words."""
    stems: dict[str, tuple[str, ...] | None] = {}
    for name in names:
        words = words_of(name)
        if sum(word in kind for word in words) == 1 and not OTHER_QUANTITIES & set(words):
            stems[name] = tuple(word for word in words if word not in kind | FILLERS)
    return stems


def _check_there(
    where: str, keys: LabelKeys, scalars: Collection[str], vectors: Collection[str]
) -> None:
    absent = [
        key
        for key, names in ((keys.energy, scalars), (keys.forces, vectors))
        if key and key not in names
    ]
    if absent:
        raise MissingLabelsError(
            f"{' and '.join(filter(None, keys))} in {where}",
            f"no {' and no '.join(absent)}; {there(scalars, vectors)}",
        )


def there(scalars: Iterable[str], vectors: Iterable[str]) -> str:
    """Return the names of a file in words, for a message."""
    numbers, arrays = sorted(scalars)[:SHOWN], sorted(vectors)[:SHOWN]
    return (
        f"numbers of a frame are {', '.join(numbers) or 'none'}, "
        f"vectors of its atoms {', '.join(arrays) or 'none'}"
    )


def geometry_key(names: Iterable[str], kind: frozenset[str], given: str | None) -> str | None:
    """Return the only name of positions or of atomic numbers; None where there is none or more.

    Parameters
    ----------
    names
        Names of the arrays.
    kind
        ``POSITIONS_WORDS`` or ``NUMBERS_WORDS``.
    given
        The name that the user gives.
    """
    if given is not None:
        return given if given in names else None
    fitting = [name for name in names if _is_geometry(words_of(name), kind)]
    return fitting[0] if len(fitting) == 1 else None


def _is_geometry(words: tuple[str, ...], kind: frozenset[str]) -> bool:
    if kind is NUMBERS_WORDS and words[-1:] == ("charges",):
        return words == ("nuclear", "charges")
    own = [word for word in words if word not in {"atomic", "atom", "atoms", "cartesian"}]
    return len(own) == 1 and own[0] in kind


def state_key(names: Iterable[str], kind: tuple[str, ...], given: str | None) -> str | None:
    """Return the name of the total charge or the spin among names; None where there is none."""
    if given is not None:
        return given if given in names else None
    spelled = {"_".join(words_of(name)): name for name in names}
    return next((spelled[word] for word in kind if word in spelled), None)
