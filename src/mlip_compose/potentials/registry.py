"""The kinds of potential by name. A kind's module is imported when the kind is asked for.

A published model is a kind by the name of its card, and another one with ``:fine-tuned`` after it
where it can be trained on here; the path of a YAML file stands for a card of the user's.

No module named here imports torch when it is imported: a kind that needs it does so inside its
``fit`` and ``load``, so kinds can be listed without the extra ``train``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.potentials.base import Potential, PotentialKind
from mlip_compose.potentials.files import read_kind

if TYPE_CHECKING:
    from mlip_compose.potentials.published.card import ModelCard

_PLACES = {
    "composition": ("composition", "KIND"),
    "additive": ("additive.kind", "KIND"),
    "schnet-small": ("neural.architectures.schnet", "SMALL"),
    "schnet-standard": ("neural.architectures.schnet", "STANDARD"),
    "painn-small": ("neural.architectures.painn", "SMALL"),
    "painn-standard": ("neural.architectures.painn", "STANDARD"),
    "tensornet-small": ("neural.architectures.tensornet", "SMALL"),
    "tensornet-standard": ("neural.architectures.tensornet", "STANDARD"),
    "nequip-small": ("neural.architectures.nequip", "SMALL"),
    "nequip-standard": ("neural.architectures.nequip", "STANDARD"),
    "mace-small": ("neural.architectures.mace", "SMALL"),
    "mace-standard": ("neural.architectures.mace", "STANDARD"),
    "mace-short": ("neural.architectures.mace", "SHORT"),
    "additive+mace-small": ("neural.architectures.residual", "SMALL"),
    "additive+mace-standard": ("neural.architectures.residual", "STANDARD"),
    "calculator": ("calculator", "KIND"),
}

_FINE_TUNED = ":fine-tuned"
_TUNABLE = (
    "ani-1ccx",
    "ani-1x",
    "ani-2x",
    "egret-1",
    "mace-off23-large",
    "mace-off23-medium",
    "mace-off23-small",
    "mace-omol",
)
_ELSEWHERE = (
    "aimnet2",
    "esen-sm-omol",
    "orb-v3-direct-omol",
    "orb-v3-omol",
    "so3lr",
    "uma-s-1p1",
)
CARDS = tuple(sorted(_TUNABLE + _ELSEWHERE))
"""Names of the model cards that come with the program; each is a kind."""

_NAMES = (
    *_PLACES,
    *(name for card in CARDS for name in (card, card + _FINE_TUNED)[: 1 + (card in _TUNABLE)]),
)


class _Kinds(Mapping[str, PotentialKind]):
    def __getitem__(self, name: str) -> PotentialKind:
        if name not in _NAMES:
            raise KeyError(name)
        if name not in _PLACES:
            from mlip_compose.potentials.published.kind import shipped_kind

            return shipped_kind(name)
        module, attribute = _PLACES[name]
        kind: PotentialKind = getattr(
            importlib.import_module(f"mlip_compose.potentials.{module}"), attribute
        )
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES


KINDS: Mapping[str, PotentialKind] = _Kinds()
"""Every kind of potential by name; iterating over names imports nothing and reads no file."""


def get_potential(name: str) -> PotentialKind:
    """Return the kind called ``name``.

    Parameters
    ----------
    name
        Of a kind, or the path of a model card, with ``:fine-tuned`` or without.

    Raises
    ------
    UnknownNameError
        There is none; names the nearest.
    RequestError
        A model card that cannot be read, has the name of another kind, or whose model cannot be
        fine-tuned here.
    """
    if name in KINDS:
        return KINDS[name]
    path = name.removesuffix(_FINE_TUNED)
    if path.endswith(".yaml"):
        return _kind_of_user(Path(path), name != path)
    if path in _ELSEWHERE:
        from mlip_compose.potentials.published.kind import shipped_kind

        return shipped_kind(name)  # which says why it is not fine-tuned here
    raise UnknownNameError("potential", name, KINDS)


def find_card(name: str) -> ModelCard | None:
    """Return the model card that a kind is made from; None for a kind that has none."""
    path = name.removesuffix(_FINE_TUNED)
    if path in CARDS:
        from mlip_compose.potentials.published.kind import shipped_card

        return shipped_card(path)
    if path.endswith(".yaml"):
        from mlip_compose.potentials.published.card import read_card

        return read_card(Path(path))
    return None


def load_potential(directory: str | Path) -> Potential:
    """Restore a potential of whatever kind from the directory that its ``save`` wrote.

    Parameters
    ----------
    directory
        Directory of the potential; in results of a study, ``trainings/<id>/model``.

    Returns
    -------
    Potential
        ``predict(molecule, positions)`` takes positions (F, N, 3) in Angstrom and gives energies
        (F,) in eV and forces (F, N, 3) in eV/Angstrom.

    Raises
    ------
    UnreadableError, SchemaError
        The directory has no potential, or one that is damaged.
    RequestError
        It names code or weights that the user never agreed to on this machine.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> potential = mc.load_potential("results/mine/trainings/.../model")  # doctest: +SKIP
    """
    directory = Path(directory)
    name = read_kind(directory)
    if name not in KINDS:
        from mlip_compose.potentials.published.kind import is_saved_from_card, load_saved

        if is_saved_from_card(directory):
            return load_saved(name, directory)
    return get_potential(name).load(directory)


def _kind_of_user(path: Path, fine_tuned: bool) -> PotentialKind:
    from mlip_compose.potentials.published.card import read_card
    from mlip_compose.potentials.published.kind import kind_of

    card = read_card(path)
    if card.name in KINDS:
        raise RequestError(
            f"a model card in {path} with a name of its own",
            f"{card.name!r}, which is another potential's",
            "Change the name in the card.",
        )
    return kind_of(card, fine_tuned)
