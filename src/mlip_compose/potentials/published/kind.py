"""Kinds of potential from a model card: the published model as it is, and fine-tuned.

Nothing here imports torch before a potential is fitted or loaded.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, create_model

from mlip_compose.core.errors import RequestError, SchemaError, one_line
from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.base import (
    Potential,
    PotentialKind,
    Pretraining,
    Progress,
    Settings,
    require_package,
    silent,
)
from mlip_compose.potentials.files import read_facts
from mlip_compose.potentials.published.card import FINE_TUNED, ModelCard, shipped_card
from mlip_compose.potentials.published.consent import (
    card_sha256,
    remember_consent,
    require_trust,
)
from mlip_compose.potentials.published.settings import (
    NativeSettings,
    TunedSettings,
    WeightsSettings,
)
from mlip_compose.potentials.published.weights import find_weights
from mlip_compose.potentials.published.with_calculator import (
    CardCalculator,
    load_calculator,
    make_from_card,
)


def shipped_kind(name: str) -> PotentialKind:
    """Return the kind of a shipped card by its name, which may end with ``:fine-tuned``."""
    return kind_of(shipped_card(name.removesuffix(FINE_TUNED)), name.endswith(FINE_TUNED))


def kind_of(card: ModelCard, fine_tuned: bool) -> PotentialKind:
    """Make a kind of potential from a card.

    Raises
    ------
    RequestError
        ``fine_tuned`` is true, and the model cannot be trained on here.
    """
    if fine_tuned and not card.fine_tuning:
        raise RequestError(
            "a card whose model can be fine-tuned here",
            f"that of {card.name}",
            f"Use it as it is ({card.name}), or train it with its own library and bring the "
            "predictions back: docs/exchange.md.",
        )
    schema = _settings(card, fine_tuned)
    name = card.name + FINE_TUNED if fine_tuned else card.name
    return PotentialKind(
        name=name,
        summary=f"{card.summary}; fine-tuned" if fine_tuned else card.summary,
        role="learned",
        settings=schema,
        fit=partial(_fit, card, name, schema),
        load=partial(load_saved, name),
        extra=None if card.own_environment else card.environment,
        pretraining=Pretraining(card.name, card.level_of_theory, fine_tuned),
        check=partial(_check, card, schema),
    )


def load_saved(name: str, directory: Path) -> Potential:
    """Restore a potential from its directory; ``model.json`` holds the card.

    Raises
    ------
    SchemaError
        The directory does not hold such a potential, or its weights are others.
    RequestError
        There are no weights, or the user never agreed to the card or to the weights.
    MissingExtraError
        The library of the model is not installed.
    """
    card = _saved_card(directory)
    if card.backend == "calculator":
        return load_calculator(name, directory)
    for package in ("graph_pes", card.package):
        require_package(f"loading {name}", package, "foundation")
    from mlip_compose.potentials.published.potential import load_pretrained

    return load_pretrained(name, directory)


def _saved_card(directory: Path) -> ModelCard:
    try:
        return ModelCard.model_validate(read_facts(directory).get("card"))
    except ValidationError as error:
        reason = one_line(error, 200)
        raise SchemaError(f"the model card of a potential in {directory}", reason) from error


def is_saved_from_card(directory: Path) -> bool:
    """Tell whether a fitted potential was made from a model card."""
    return isinstance(read_facts(directory).get("card"), dict)


def _settings(card: ModelCard, fine_tuned: bool) -> type[WeightsSettings]:
    """Return the settings of a kind; the key ``card`` makes another card another training."""
    base: type[WeightsSettings] = WeightsSettings
    if card.backend != "calculator":
        base = TunedSettings if fine_tuned else NativeSettings
    digest = card_sha256(card)[:16]
    field: Any = (
        Literal[digest],
        Field(default=digest, description="digest of the model card; leave it as it is"),
    )
    return create_model(f"Settings of {card.name}", __base__=base, card=field)


def _obtain(card: ModelCard, settings: WeightsSettings, progress: Progress) -> Path | None:
    """Check library and consent of a card; return its weights and remember the consent."""
    _require_library(card)
    require_trust(card, settings.trust)
    weights = find_weights(card, settings.weights, progress)
    remember_consent(card, weights)
    return weights


def _require_library(card: ModelCard) -> None:
    if not card.own_environment:
        for package in (card.package, *(() if card.backend == "calculator" else ("graph_pes",))):
            require_package(card.name, package, card.environment)
    elif importlib.util.find_spec(card.package) is None:
        raise RequestError(
            f"the package {card.package!r}, which {card.name} needs",
            "no such package installed",
            "It wants an environment of its own. In a checkout: python -m venv .venv-model, then "
            f".venv-model/bin/pip install -r {card.environment}. Predict with the mlip-compose of "
            "that environment and score the file here: docs/potentials/foundation.md.",
        )


def _check(card: ModelCard, schema: type[WeightsSettings], settings: Settings) -> None:
    """Check library, consent, weights and constructor before any work is done."""
    weights = _obtain(card, schema.model_validate(settings.model_dump()), silent)
    if card.backend == "calculator":
        make_from_card(card, weights)


def _fit(
    card: ModelCard,
    name: str,
    schema: type[WeightsSettings],
    data: TrainingSet,
    settings: Settings,
    seed: int,
    workdir: Path,
    progress: Progress = silent,
) -> Potential | Failure:
    """Make a potential of a card, fine-tuned or as it is."""
    chosen = schema.model_validate(settings.model_dump())
    weights = _obtain(card, chosen, progress)
    if card.backend == "calculator":
        return CardCalculator(card, weights, chosen.weights)
    assert weights is not None  # a card of a backend of this environment names its file
    from mlip_compose.potentials.published.fine_tuning import fine_tune, zero_shot

    if isinstance(chosen, NativeSettings):
        potential = zero_shot(name, card, weights, data, chosen)
    else:
        assert isinstance(chosen, TunedSettings)
        result = fine_tune(name, card, weights, data, chosen, seed, workdir, progress)
        if isinstance(result, Failure):
            return result
        potential = result
    if chosen.weights is None:
        return potential
    # a saved potential names the weights file that the user gave, so that a load finds it
    return replace(potential, report={**potential.report, "weights": chosen.weights})
