"""Consent to a model card and to its weights, in a fit and in a load.

Weights that are pickles run code, so a fit needs ``trust: true`` in its settings. A card of the
user's names a constructor or an address, so a user who fits with it agrees to it. A load needs the
consent of an earlier fit, which :mod:`mlip_compose.potentials.trust` remembers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlip_compose.core.errors import RequestError, SchemaError
from mlip_compose.core.files import sha256_of
from mlip_compose.potentials.published.card import ModelCard, is_shipped
from mlip_compose.potentials.published.weights import find_weights
from mlip_compose.potentials.trust import remember, require_remembered


def card_sha256(card: ModelCard) -> str:
    """Return the sha256 of the content of a card."""
    return hashlib.sha256(card.model_dump_json().encode()).hexdigest()


def require_trust(card: ModelCard, trust: bool) -> None:
    """Raise RequestError where weights run code and the setting ``trust`` is false."""
    if not card.executes_code or trust:
        return
    assurance = (
        " Their sha256 is checked, which shows that they are the published ones, not what they do."
        if card.weights.sha256
        else ""
    )
    raise RequestError(
        f"the setting trust: true for {card.name}",
        "no such setting. Its weights are a pickle of whole objects, which runs code when loaded",
        f"If you trust who made them ({card.weights.page or card.weights.url or card.citation}), "
        f"say so with --set trust=true, or in a study file with trust: true.{assurance}",
    )


def remember_consent(card: ModelCard, weights: Path | None) -> None:
    """Remember that the user made a potential from this card and these weights."""
    if card.executes_code:
        remember(_weights_sha256(card, weights), card.name)
    if _needs_consent(card):
        remember(card_sha256(card), card.name)


def find_saved_weights(card: ModelCard, path: str | None, sha256: str | None) -> Path | None:
    """Find the published weights that a saved potential was made with.

    Nothing is downloaded for a card of the user's that runs in this environment: its weights are
    taken from where they lie.

    Parameters
    ----------
    card
        Card of the saved potential.
    path
        Path of the weights that the user gave for the fit; None where the user gave none.
    sha256
        Sha256 of the weights at the fit; None where the model's own library gets them by itself.

    Returns
    -------
    Path | None
        None where the model's own library gets its weights by itself.

    Raises
    ------
    RequestError
        There are no weights, or the user never agreed to the card or to the weights.
    SchemaError
        The weights have another sha256.
    """
    if _needs_consent(card):
        require_remembered(
            card_sha256(card),
            f"a model card of {card.name} that you used on this machine before",
            f"another card in the saved potential, which calls {card.constructor} or gets weights "
            f"from {card.weights.url or card.weights.page or 'elsewhere'}",
            "If you trust who saved it",
        )
    weights = find_weights(card if _may_download(card) else _without_address(card), path)
    if card.executes_code:
        require_remembered(
            _weights_sha256(card, weights),
            f"weights of {card.name} that you trusted on this machine before",
            "other weights. They are a pickle of whole objects, which runs code when loaded",
            "If you trust who made them",
        )
    digest = None if weights is None else sha256_of(weights)
    if digest != sha256:
        raise SchemaError(
            f"weights of {card.name} with SHA-256 {sha256}", f"{weights} with {digest}"
        )
    return weights


def _needs_consent(card: ModelCard) -> bool:
    """Tell whether a load needs consent to the card: a card of the user's that calls or downloads.

    Weights that run code in this environment need consent to their own content, and are never
    downloaded for a card of the user's.
    """
    return not is_shipped(card) and (card.backend == "calculator" or not card.executes_code)


def _may_download(card: ModelCard) -> bool:
    return is_shipped(card) or card.backend == "calculator"


def _without_address(card: ModelCard) -> ModelCard:
    return card.model_copy(update={"weights": card.weights.model_copy(update={"url": None})})


def _weights_sha256(card: ModelCard, weights: Path | None) -> str:
    """Return the sha256 of weights; that of the card where its library gets them by itself."""
    return card_sha256(card) if weights is None else sha256_of(weights)
