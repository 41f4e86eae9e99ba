"""A model card: the known facts of a published model, as one YAML document.

A card is read without running code. Its constructor is imported and called only when a potential is
made. An unknown fact is null.
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
from mlip_compose.core.elements import check_symbol
from mlip_compose.core.errors import RequestError, SchemaError
from mlip_compose.core.records import Molecule

SCHEMA: Final = "mlip-compose/model-card/1"
SUFFIX: Final = ".yaml"
WHAT: Final = "model card"

FINE_TUNED: Final = ":fine-tuned"
"""End of the name of a potential: the model of a card, trained on with the frames of a task."""

_FOLDER: Final = files("mlip_compose.potentials") / "cards"

CARDS: Final = tuple(
    sorted(entry.name.removesuffix(SUFFIX) for entry in _FOLDER.iterdir() if SUFFIX in entry.name)
)
"""Names of the model cards that come with the program: the files of their folder."""

Backend = Literal["torchani", "mace", "calculator"]
"""Code that runs the model: a library in this environment, which can fine-tune it too, or an ASE
calculator, which a constructor makes."""


def _symbols(symbols: tuple[str, ...]) -> tuple[str, ...]:
    for symbol in symbols:
        check_symbol(symbol)
    if len(set(symbols)) != len(symbols):
        raise ValueError("an element is named twice")
    return symbols


class TrainingData(Handwritten):
    """A data set that a model was trained on.

    Attributes
    ----------
    name
        Name of the data set.
    size
        Number of its geometries that were used, with validation where the source does not separate
        it; None where no source says.
    reference
        DOI, arXiv number or address of its description.
    """

    name: str = Field(min_length=1)
    size: int | None = Field(default=None, ge=1)
    reference: str | None = None


class Weights(Handwritten):
    """The places of a model's weights.

    Attributes
    ----------
    file
        Name of the file in the cache of the model's own library. That cache is searched before
        anything is downloaded. None where that library gets its weights by itself.
    url
        Address of a download without an account; None where there is none.
    page
        Page where a person finds the weights or learns how to ask for them.
    sha256
        Sha256 of the file; None where nobody could compute it.
    variable
        Environment variable that names the directory of the library's cache.
    cache
        Directory of the library's cache where the variable is not set; ``~`` is the user's home.
    folder
        Folder of the file below that directory.
    argument
        Argument of a calculator's constructor that takes the path of the file; None where there is
        none.
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
    """The known facts of a published model. Its kinds of potential follow from them.

    Attributes
    ----------
    format
        Schema of the document.
    name
        Name of the potential.
    summary
        Description in one line.
    backend
        Code that runs the model; see :data:`Backend`.
    constructor
        ``module:function`` that makes the model, or the ASE calculator for ``calculator``. The
        function may be a method, ``module:Class.method``.
    arguments
        Keyword arguments of the constructor.
    elements
        Symbols of all elements of the training.
    charge, spin
        ``passed`` where the molecule's total charge or spin multiplicity reaches the model.
        ``neutral only`` or ``singlet only`` where it does not; another molecule is refused. None
        where no source says.
    level_of_theory
        Level of theory of the training labels.
    training_sets
        Data sets of the training.
    parameters
        Number of fitted parameters; None where no source says.
    licence
        Licence of the weights.
    citation
        DOI, arXiv number or address of the paper or page that describes the model.
    weights
        Places of the weights.
    executes_code
        Whether the weights are a pickle of whole objects, which runs code when it is loaded. Such
        a file is loaded only with the user's consent.
    package
        Module of the model's library; it can be imported where the library is installed.
    environment
        Extra of this distribution that has the library (``foundation``), or the file of
        requirements of an environment of its own (``environments/orb.txt``).
    fine_tuning
        Whether the model can be trained on here.
    notes
        Other facts that a user should know.
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
        The file cannot be read, is not YAML, or has a wrong value. The message says which value
        would be right.
    UnknownNameError
        The file has an unknown key. The message names the nearest key.
    """
    return parse_document(
        read_text(path, WHAT, SchemaError), ModelCard, WHAT, str(path), SchemaError
    )


@cache
def shipped_card(name: str) -> ModelCard:
    """Return the card of this name, one of ``CARDS``."""
    return read_card(Path(str(_FOLDER / f"{name}{SUFFIX}")))


def is_shipped(card: ModelCard) -> bool:
    """Tell whether a card comes with the program, with the same content."""
    return card.name in CARDS and shipped_card(card.name) == card


def published_names() -> Iterator[str]:
    """Yield the name of each card, and that with ``:fine-tuned`` where the model can be."""
    for name in CARDS:
        yield name
        if shipped_card(name).fine_tuning:
            yield name + FINE_TUNED


def is_published(name: str) -> bool:
    """Tell whether a name is one of :func:`published_names`. At most one card is read."""
    card = name.removesuffix(FINE_TUNED)
    return card in CARDS and (name == card or shipped_card(card).fine_tuning)


def card_elements(card: ModelCard) -> frozenset[int]:
    """Return the atomic numbers of a card's elements."""
    return frozenset(int(atomic_numbers[symbol]) for symbol in card.elements)


def state_unknown(card: ModelCard, molecule: Molecule) -> str:
    """Return the charge or the spin of a molecule that the model does not know, in words.

    Returns
    -------
    str
        Such as ``charge -1``; empty for a molecule whose state the model knows.
    """
    if card.charge == "neutral only" and molecule.charge != 0:
        return f"charge {molecule.charge}"
    if card.spin == "singlet only" and molecule.spin != 1:
        return f"spin multiplicity {molecule.spin}"
    return ""


def check_state(card: ModelCard, molecule: Molecule) -> None:
    """Refuse a molecule whose charge or spin the model does not know.

    Raises
    ------
    RequestError
        The molecule is charged or no singlet, and the model knows only neutral molecules or
        singlets.
    """
    state = state_unknown(card, molecule)
    if state:
        known = "neutral molecule" if state.startswith("charge") else "singlet"
        raise RequestError(
            f"a {known}, which {card.name} was trained on",
            f"{molecule.name} of {state}",
            "Train on molecules that it knows: a task file chooses them by conditions.",
        )
