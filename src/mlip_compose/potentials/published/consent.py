"""Consent to weights that run code when they are loaded: asked for once, remembered by content.

A fit needs ``trust: true`` in its settings. What was trusted is remembered by its sha256 in the
user's cache, so that a saved potential of it can be loaded on the same machine; a potential that
came from elsewhere cannot bring the consent along.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlip_compose.core.errors import RequestError
from mlip_compose.core.files import sha256_of, write_text
from mlip_compose.potentials.published.card import ModelCard
from mlip_compose.potentials.trust import place_of


def require_trust(card: ModelCard, trust: bool) -> None:
    """Raise RequestError where weights run code and the settings do not say that this is wanted."""
    if not card.executes_code or trust:
        return
    assurance = (
        " Their sha256 is checked, which shows that they are the published ones, not what they do."
        if card.weights.sha256
        else ""
    )
    raise RequestError(
        f"the setting trust: true for {card.name}",
        "none. Its weights are a pickle of whole objects, which runs code when it is loaded",
        f"If you trust who made them ({card.weights.page or card.weights.url or card.citation}), "
        f"say so with --set trust=true, or in a study file with trust: true.{assurance}",
    )


def remember_trust(card: ModelCard, weights: Path | None) -> None:
    """Remember that the user trusts these weights, for later loads of what was made with them."""
    if card.executes_code:
        write_text(_place(card, weights), f"{card.name}\n")


def require_remembered_trust(card: ModelCard, weights: Path | None) -> None:
    """Raise RequestError unless the user trusted these weights before on this machine."""
    if not card.executes_code or (place := _place(card, weights)).is_file():
        return
    raise RequestError(
        f"weights of {card.name} that you trusted on this machine before",
        "others. They are a pickle of whole objects, which runs code when it is loaded",
        f"If you trust who made them, make the empty file {place}.",
    )


def remember_card(card: ModelCard) -> None:
    """Remember that the user made a potential from this card of his."""
    write_text(place_of(card_sha256(card)), f"{card.name}\n")


def require_remembered_card(card: ModelCard) -> None:
    """Raise RequestError unless the user made a potential from this very card on this machine."""
    if not (place := place_of(card_sha256(card))).is_file():
        raise RequestError(
            f"a model card of {card.name} that you used on this machine before",
            f"another in the saved potential, which calls {card.constructor} or gets weights from "
            f"{card.weights.url or card.weights.page or 'elsewhere'}",
            f"If you trust who saved it, make the empty file {place}.",
        )


def _place(card: ModelCard, weights: Path | None) -> Path:
    """Return the file that stands for consent to this content: weights, or what fetches them."""
    digest = card_sha256(card) if weights is None else sha256_of(weights)
    return place_of(digest)


def card_sha256(card: ModelCard) -> str:
    """Return the sha256 of what a card says."""
    return hashlib.sha256(card.model_dump_json().encode()).hexdigest()
