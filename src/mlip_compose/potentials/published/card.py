"""A model card: what is known of a published model, as one YAML document.

Reading a card runs no code. Its constructor is imported and called when a potential is built, never
before. What could not be found out is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from ase.data import atomic_numbers
from pydantic import AfterValidator, Field, model_validator

from mlip_compose.core.documents import Handwritten, parse_document, read_text
from mlip_compose.core.errors import RequestError, SchemaError
from mlip_compose.core.records import Molecule

SCHEMA: Final = "mlip-compose/model-card/1"
SUFFIX: Final = ".yaml"
WHAT: Final = "model card"

FINE_TUNED: Final = ":fine-tuned"
"""Ends the name of the potential that is a card's model, trained on with the frames of a task."""

_FOLDER: Final = files("mlip_compose.potentials") / "cards"

CARDS: Final = tuple(
    sorted(entry.name.removesuffix(SUFFIX) for entry in _FOLDER.iterdir() if SUFFIX in entry.name)
)
"""Names of the model cards that come with the program: of the files of their folder."""

Backend = Literal["torchani", "mace", "calculator"]
"""Which code runs the model: two libraries in this environment, batched and fine-tuned, or any ASE
calculator, which a constructor makes."""


def _symbols(symbols: tuple[str, ...]) -> tuple[str, ...]:
    for symbol in symbols:
        if atomic_numbers.get(symbol, 0) == 0:
            raise ValueError(f"{symbol!r} is no symbol of an element, such as C or Cl")
    if len(set(symbols)) != len(symbols):
        raise ValueError("an element is named twice")
    return symbols


class TrainingData(Handwritten):
    """A data set that a model was trained on.

    Attributes
    ----------
    name
        Of the data set.
    size
        Number of its geometries that were used, training and validation together where the source
        does not part them; None where no number was found.
    reference
        Where it is described: a DOI, an arXiv number or an address.
    """

    name: str = Field(min_length=1)
    size: int | None = Field(default=None, ge=1)
    reference: str | None = None


class Weights(Handwritten):
    """Where the weights of a model come from.

    Attributes
    ----------
    file
        Name of the file in the cache of the model's own library, which is looked into before
        anything is downloaded. None where only that library knows: it gets them by itself.
    url
        Where the file can be downloaded without an account; None where it cannot.
    page
        Where a person finds the weights, or how to ask for them.
    sha256
        Of the file; None where nobody could compute it.
    variable
        Environment variable that names the directory of that library's cache.
    cache
        That directory where the variable is not set; ``~`` is the user's home.
    folder
        Below that directory, where the file is.
    argument
        Argument of a calculator's constructor that takes the path of the file; None where it
        takes none.
    """

    file: str | None = Field(default=None, pattern=r"^[^./\\\x00][^/\\\x00]*$")
    url: str | None = Field(default=None, pattern=r"^(https?|file)://")
    page: str | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    variable: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    cache: str | None = None
    folder: str = ""
    argument: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]*$")


class ModelCard(Handwritten):
    """What is known of a published model; every kind of potential that it makes follows from this.

    Attributes
    ----------
    format
        Of this document.
    name, summary
        What the potential is called and, in a line, is.
    backend
        See :data:`Backend`.
    constructor
        ``module:function`` that makes the model (for ``calculator``: an ASE calculator); the
        function may be a method, ``module:Class.method``.
    arguments
        Passed to the constructor by name.
    elements
        Symbols of all elements that it was trained on.
    charge, spin
        Whether the molecule's total charge and spin multiplicity reach the model (``passed``), or
        it has none of the notion and was trained on neutral molecules or singlets only. A molecule
        outside of what it was trained on is refused. None where no source says.
    level_of_theory
        Of the labels that it was trained on.
    training_sets
        The data that it was trained on.
    parameters
        Number of fitted parameters; None where no source says.
    licence
        Of the weights.
    citation
        DOI, arXiv number or address of the paper or page that describes it.
    weights
        Where they come from.
    executes_code
        Whether the weights are a pickle of whole objects, which runs code when it is loaded. Such
        a file is loaded only when the user said that he trusts it.
    package
        The module to import that shows whether the model's library is installed.
    environment
        The extra of this distribution that has the library (``foundation``), or the file of
        requirements of an environment of its own (``environments/orb.txt``).
    fine_tuning
        Whether the model can be trained on here.
    notes
        What else a user should know.
    """

    format: Literal["mlip-compose/model-card/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    summary: str = Field(min_length=1, max_length=120)
    backend: Backend
    constructor: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")
    arguments: dict[str, Any] = Field(default_factory=dict)
    elements: Annotated[
        tuple[str, ...], Field(min_length=1, strict=False), AfterValidator(_symbols)
    ]
    charge: Literal["neutral only", "passed"] | None
    spin: Literal["singlet only", "passed"] | None
    level_of_theory: str = Field(min_length=1)
    training_sets: Annotated[tuple[TrainingData, ...], Field(strict=False)]
    parameters: int | None = Field(ge=1)
    licence: str | None
    citation: str | None
    weights: Weights
    executes_code: bool
    package: str = Field(pattern=r"^[A-Za-z_]\w*$")
    environment: str = Field(pattern=r"^([a-z][a-z0-9-]*|[\w./-]+\.txt)$")
    fine_tuning: bool
    notes: str | None = None

    @model_validator(mode="after")
    def _check(self) -> ModelCard:
        if self.backend == "calculator" and self.fine_tuning:
            raise ValueError(
                "fine_tuning has to be false for the backend calculator; "
                "train elsewhere and bring the predictions back"
            )
        if self.backend != "calculator" and self.weights.file is None:
            raise ValueError(f"weights.file has to be named for the backend {self.backend}")
        if self.backend == "mace" and not self.executes_code:
            raise ValueError(
                "executes_code has to be true for the backend mace, whose weights are pickles"
            )
        return self

    @property
    def own_environment(self) -> bool:
        """Whether the model's library needs an environment of its own."""
        return self.environment.endswith(".txt")


def read_card(path: Path) -> ModelCard:
    """Read a card from a YAML file.

    Raises
    ------
    SchemaError
        The file cannot be read, is not YAML, or a value cannot be; says which, and what would be.
    UnknownNameError
        A key that there is not; names the nearest.
    """
    return parse_document(
        read_text(path, WHAT, SchemaError), ModelCard, WHAT, str(path), SchemaError
    )


@cache
def shipped_card(name: str) -> ModelCard:
    """Return the card of this name, one of ``CARDS``, that comes with the program."""
    return read_card(Path(str(_FOLDER / f"{name}{SUFFIX}")))


def is_shipped(card: ModelCard) -> bool:
    """Tell whether a card is one that comes with the program, and says the same."""
    return card.name in CARDS and shipped_card(card.name) == card


def published_names() -> Iterator[str]:
    """Yield the names of published models: of each card, and of it fine-tuned where that can be."""
    for name in CARDS:
        yield name
        if shipped_card(name).fine_tuning:
            yield name + FINE_TUNED


def is_published(name: str) -> bool:
    """Tell whether a name is one of :func:`published_names`; at most one card is read for that."""
    card = name.removesuffix(FINE_TUNED)
    return card in CARDS and (name == card or shipped_card(card).fine_tuning)


def card_elements(card: ModelCard) -> frozenset[int]:
    """Return the atomic numbers that a card names."""
    return frozenset(int(atomic_numbers[symbol]) for symbol in card.elements)


def check_state(card: ModelCard, molecule: Molecule) -> None:
    """Refuse a molecule whose charge or spin the model has no notion of.

    Raises
    ------
    RequestError
        With what the model was trained on.
    """
    if card.charge == "neutral only" and molecule.charge != 0:
        raise RequestError(
            f"a neutral molecule, which {card.name} was trained on",
            f"{molecule.name} of charge {molecule.charge}",
        )
    if card.spin == "singlet only" and molecule.spin != 1:
        raise RequestError(
            f"a singlet, which {card.name} was trained on",
            f"{molecule.name} of spin multiplicity {molecule.spin}",
        )
