"""A published model as a potential, through the ASE calculator of its own library."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from mlip_compose.core.calculators import make_calculator
from mlip_compose.core.errors import RequestError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.potentials.base import Pretraining
from mlip_compose.potentials.calculator import VERSION, CalculatorPotential
from mlip_compose.potentials.files import read_model, restoring
from mlip_compose.potentials.published.card import (
    ModelCard,
    card_elements,
    check_state,
    state_unknown,
)
from mlip_compose.potentials.published.consent import find_saved_weights


class CardCalculator(CalculatorPotential):
    """The calculator of a card, which predicts frame by frame in the environment of its library.

    Parameters
    ----------
    card
        Card of the model.
    weights
        Weights file for the constructor; None where the library gets its weights by itself.
    path
        Path of the weights that the user gave, kept for loading; None where the user gave none.
    """

    def __init__(self, card: ModelCard, weights: Path | None, path: str | None = None) -> None:
        facts = {
            "card": card.model_dump(mode="json"),
            "weights": path,
            "weights_sha256": None if weights is None else sha256_of(weights),
        }
        make = partial(make_from_card, card, weights)
        super().__init__(card.name, make, facts, card_elements(card), card.package)
        self._card = card

    @property
    def pretraining(self) -> Pretraining:
        """Card and level of theory of the published model."""
        return Pretraining(self._card.name, self._card.level_of_theory, fine_tuned=False)

    def state_unknown(self, molecule: Molecule) -> str:
        """Return a molecule's charge or spin that the card does not name; empty where it does."""
        return state_unknown(self._card, molecule)

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict frame by frame; energy and forces of a failed frame are NaN.

        Raises
        ------
        RequestError
            The molecule has an element, a charge or a spin that the model does not know.
        """
        check_state(self._card, molecule)
        return super().predict(molecule, positions)


def make_from_card(card: ModelCard, weights: Path | None) -> Any:
    """Call the constructor of a card, the only code that a card names.

    Raises
    ------
    RequestError
        The call fails, or the model's library takes no weights file.
    """
    arguments = dict(card.arguments)
    if weights is not None:
        if card.weights.argument is None:
            raise RequestError(
                f"no weights file for {card.name}, whose library has its own", str(weights)
            )
        arguments[card.weights.argument] = str(weights)
    return make_calculator(_place(card.constructor), arguments)


def _place(constructor: str) -> str:
    """Return the present place of a constructor of this package.

    The text of a card is part of the ids of trainings, so a card keeps the old name.
    """
    return constructor.replace(
        "mlip_compose.potentials.pretrained.", "mlip_compose.potentials.published."
    )


def load_calculator(name: str, directory: Path) -> CardCalculator:
    """Restore a saved potential with the weights that it was made with.

    Raises
    ------
    SchemaError
        The directory does not hold such a potential, or the weights are others.
    RequestError
        There are no weights, or the user never agreed to the card or to the weights.
    """
    facts, _ = read_model(directory, name, VERSION)
    with restoring(name, directory):
        card = ModelCard.model_validate(facts["card"])
        path, sha256 = facts["weights"], facts["weights_sha256"]
        if not isinstance(path, str | None):
            raise TypeError(f"a path of weights that is a {type(path).__name__}")
    return CardCalculator(card, find_saved_weights(card, path, sha256), path)
