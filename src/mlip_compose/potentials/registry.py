"""The potentials by name; the module of a potential is imported when its name is looked up.

A published model has the name of its card, a file in the folder of cards. Where the card says that
the model can be trained on here, the name with ``:fine-tuned`` is another potential. The path of a
YAML file stands for a card of the user's. Other packages add potentials through entry points of the
group ``mlip_compose.potentials``.

Potentials can be listed without the extra ``train``: modules of potentials import torch inside of
``fit`` and ``load`` only.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.core.plugins import Registry
from mlip_compose.core.scratch import user_path
from mlip_compose.potentials.base import Potential, PotentialKind, Settings
from mlip_compose.potentials.files import read_kind

if TYPE_CHECKING:
    from mlip_compose.potentials.published.card import ModelCard

_PLACES: Final = {
    "composition": ("composition", "KIND"),
    "additive": ("additive.kind", "KIND"),
    **{
        f"{architecture}-{size}": (f"neural.architectures.{architecture}", size.upper())
        for architecture in ("schnet", "painn", "tensornet", "nequip", "mace")
        for size in ("small", "standard")
    },
    "mace-short": ("neural.architectures.mace", "SHORT"),
    "additive+mace-small": ("neural.architectures.residual", "SMALL"),
    "additive+mace-standard": ("neural.architectures.residual", "STANDARD"),
    "calculator": ("calculator", "KIND"),
}


class _Own(Mapping[str, PotentialKind]):
    """The program's own potentials. A name of ``_PLACES`` is found without reading a card."""

    def __getitem__(self, name: str) -> PotentialKind:
        if name not in self:
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
        from mlip_compose.potentials.published.card import published_names

        yield from _PLACES
        yield from published_names()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        if name in _PLACES:
            return True
        from mlip_compose.potentials.published.card import is_published

        return isinstance(name, str) and is_published(name)


def _fits(name: str, kind: object) -> bool:
    return (
        isinstance(kind, PotentialKind)
        and kind.name == name
        and issubclass(kind.settings, Settings)
        and not any(field.is_required() for field in kind.settings.model_fields.values())
    )


KINDS: Final = Registry(
    "potential",
    "mlip_compose.potentials",
    _Own(),
    "a PotentialKind of this name, whose settings all have defaults,",
    _fits,
)
"""Every potential by name; an iteration over names imports no potential."""


def get_potential(name: str) -> PotentialKind:
    """Return a kind of potential by its name.

    Parameters
    ----------
    name
        Name of a potential, such as ``mace-small``, or the path of a model card. Both may end with
        ``:fine-tuned`` for a published model.

    Returns
    -------
    PotentialKind
        Its ``summary`` and ``role`` describe it. Its ``settings`` is the pydantic model of the
        settings with their defaults.

    Raises
    ------
    UnknownNameError
        No potential has this name; the message offers the nearest.
    PluginError
        The potential of another package cannot be used.
    RequestError
        A model card has the name of another potential, or its model cannot be fine-tuned here.
    SchemaError
        A model card cannot be read.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> mace = mc.get_potential("mace-small")
    >>> mace.settings().cutoff  # Angstrom
    4.0
    """
    if name in KINDS:
        return KINDS[name]
    from mlip_compose.potentials.published.card import CARDS, FINE_TUNED
    from mlip_compose.potentials.published.kind import shipped_kind

    card = name.removesuffix(FINE_TUNED)
    if card.endswith(".yaml"):
        return _kind_of_user(user_path(card), name != card)
    if card in CARDS:
        return shipped_kind(name)  # which says why it is not fine-tuned here
    raise UnknownNameError("potential", name, KINDS)


def find_card(name: str) -> ModelCard | None:
    """Return the model card of a potential; None for a potential without a card."""
    from mlip_compose.potentials.published.card import CARDS, FINE_TUNED, read_card, shipped_card

    card = name.removesuffix(FINE_TUNED)
    if card in CARDS:
        return shipped_card(card)
    return read_card(user_path(card)) if card.endswith(".yaml") else None


def load_potential(directory: str | Path) -> Potential:
    """Restore a potential of any kind from the directory of its ``save``.

    Parameters
    ----------
    directory
        Directory of the potential. In results of a study it is ``trainings/<id>/model``.

    Returns
    -------
    Potential
        Its ``predict(molecule, positions)`` takes positions (F, N, 3) in Angstrom. It returns
        energies (F,) in eV and forces (F, N, 3) in eV/Angstrom.

    Raises
    ------
    UnreadableError, SchemaError
        The directory has no potential, or the potential is damaged.
    RequestError
        The potential names code or weights that the user never agreed to on this machine.

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
