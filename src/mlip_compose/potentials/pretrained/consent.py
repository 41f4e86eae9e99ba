"""Consent to weights that run code when they are loaded: asked for once, remembered by content.

A fit needs ``trust: true`` in its settings. What was trusted is remembered by its sha256 in the
user's cache, so that a saved potential of it can be loaded on the same machine; a potential that
came from elsewhere cannot bring the consent along.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlip_compose.errors import RequestError
from mlip_compose.files import write_text
from mlip_compose.potentials.model_card import ModelCard
from mlip_compose.potentials.pretrained.weights import sha256_of, user_cache


def require_trust(card: ModelCard, trust: bool) -> None:
    """Raise RequestError where weights run code and the settings do not say that this is wanted."""
    if not card.executes_code or trust:
        return
    known = (
        " Their sha256 is checked, which shows that they are the published ones, not what they do."
        if card.weights.sha256
        else ""
    )
    raise RequestError(
        f"the setting trust: true for {card.name}",
        "none. Its weights are a pickle of whole objects, which runs code when it is loaded",
        f"If you trust who made them ({card.weights.page or card.weights.url or card.citation}), "
        f"say so with --set trust=true, or in a study file with trust: true.{known}",
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


def _place(card: ModelCard, weights: Path | None) -> Path:
    """Return the file that stands for consent to this content: weights, or what fetches them."""
    digest = card_sha256(card) if weights is None else sha256_of(weights)
    return user_cache() / "trusted" / digest


def card_sha256(card: ModelCard) -> str:
    """Return the sha256 of what a card says."""
    return hashlib.sha256(card.model_dump_json().encode()).hexdigest()
