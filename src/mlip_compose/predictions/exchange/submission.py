"""Submissions: a potential that somebody hands in for a leaderboard, as a card and predictions.

A submission is a folder with ``card.yaml`` and the file of predictions that the card names. Reading
one runs no code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from mlip_compose.core.documents import (
    Handwritten,
    is_directory,
    is_file,
    parse_document,
    read_text,
)
from mlip_compose.core.errors import ChecksumError, RequestError, SchemaError, UnreadableError
from mlip_compose.core.files import refuse_existing, sha256_of, write_text
from mlip_compose.core.plain_yaml import write_yaml
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.joined import write_joined

CARD: Final = "card.yaml"
PREDICTIONS: Final = "predictions.h5"
SUFFIXES: Final = (".yaml", ".yml")
WHAT: Final = "card of a submission"
TO_DO: Final = "TO DO"
"""The text in a new card where a person has to write; a card with it is not complete."""


class Cost(Handwritten):
    """The cost of one training; the mean, where there is one training for each of several splits.

    Attributes
    ----------
    device
        Name of the processor or accelerator.
    wall_s, cpu_s
        Time of the training, seconds; None where nobody measured it.
    gradient_steps
        Number of gradient steps; None of a potential that takes none.
    """

    device: str | None = None
    wall_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    cpu_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    gradient_steps: int | None = Field(default=None, ge=1)


class SubmissionCard(Handwritten):
    """The facts of a potential that is handed in.

    Attributes
    ----------
    format
        Name and version of this format.
    name
        Name of its row, which the predictions bear.
    summary
        The potential in one line.
    authors
        The people who hand it in.
    training
        The training, so that somebody else can repeat it: architecture, settings, the frames it
        saw, the rule that stopped it.
    predictions
        Name of the file of predictions, beside the card.
    sha256
        Checksum of that file.
    parameters
        Number of fitted parameters; None where nobody counted them.
    cost
        Cost of the training.
    code, weights
        Addresses of the code and of the trained parameters; None where they are not published.
    licence
        Licence of the weights; None where there are none.
    citation
        DOI, arXiv number or address of a description.
    """

    format: Literal["mlip-compose/submission/1"]
    name: str = Field(min_length=1, max_length=60)
    summary: str = Field(min_length=1, max_length=120)
    authors: tuple[str, ...] = Field(min_length=1, strict=False)
    training: str = Field(min_length=1)
    predictions: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    parameters: int | None = Field(default=None, ge=1)
    cost: Cost = Cost()
    code: str | None = None
    weights: str | None = None
    licence: str | None = None
    citation: str | None = None

    def cost_document(self) -> dict[str, Any]:
        """Return the known costs, under the keys of units of work."""
        document = {"parameters": self.parameters, **self.cost.model_dump(mode="json")}
        return {key: value for key, value in document.items() if value is not None}

    def facts(self) -> dict[str, Any]:
        """Return the facts that results hold besides the cost."""
        document = self.model_dump(
            mode="json", exclude={"format", "name", "parameters", "cost"}, exclude_none=True
        )
        return {"submission": document}


@dataclass(frozen=True, eq=False)
class Submission:
    """A card, and the file of predictions beside it.

    Attributes
    ----------
    path
        The file of predictions.
    card
        The card; None of a file of predictions alone.
    """

    path: Path
    card: SubmissionCard | None = None

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file of predictions."""
        return sha256_of(self.path)


def read_submission(path: Path) -> Submission:
    """Read a card and check its file of predictions; a file of predictions needs no card.

    Raises
    ------
    SchemaError, UnknownNameError
        The card cannot be read, has a wrong value, or is not filled in.
    UnreadableError
        The file that the card names does not exist.
    ChecksumError
        The file has another checksum than the card says.
    """
    if path.suffix.lower() not in SUFFIXES:
        return Submission(path)
    text = read_text(path, WHAT, SchemaError)
    card = parse_document(text, SubmissionCard, WHAT, str(path), SchemaError)
    if unfilled := [key for key, value in card.model_dump().items() if _is_unfilled(value)]:
        raise SchemaError(
            f"a {WHAT} that is filled in ({path})",
            f"{TO_DO} in {', '.join(unfilled)}",
            "Write it, or null where nobody knows and null may stand.",
        )
    file = path.parent / card.predictions
    if not is_file(file):
        raise UnreadableError(f"the predictions that {path} names", f"no file {file}")
    submission = Submission(file, card)
    if submission.sha256 != card.sha256:
        raise ChecksumError(
            f"sha256 {card.sha256[:12]}... of {file}, as its card says",
            f"{submission.sha256[:12]}...",
            "Write the new one into the card if it is the file that is meant.",
        )
    return submission


def submissions_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield cards and files of predictions: those of the paths, and the cards in directories.

    A directory is a submission, or holds directories that are submissions.

    Raises
    ------
    RequestError
        A directory holds no submission.
    """
    for path in paths:
        if not is_directory(path):
            yield path
            continue
        cards = [path / CARD] if is_file(path / CARD) else sorted(path.glob(f"*/{CARD}"))
        if not cards:
            raise RequestError(f"submissions in {path} ({CARD}, or */{CARD})", "none")
        yield from cards


def write_submission(folder: Path, parts: Iterable[Predictions]) -> SubmissionCard:
    """Join predictions of one potential on several splits, and write a card to be filled in.

    A card that is in the folder already keeps its text; only the file's checksum is new.

    Parameters
    ----------
    folder
        The folder, which is made where there is none. Predictions in it are replaced if a card is
        with them.
    parts
        Predictions on each split.

    Raises
    ------
    RequestError
        Predictions are of several potentials or data sets, or of one split twice; the folder has
        predictions without a card, or a card of another potential.
    """
    parts = list(parts)
    present = _read_card(folder / CARD)
    name = parts[0].header.potential if parts else ""
    if present is None:
        refuse_existing(folder / PREDICTIONS)
    elif present.name != name:
        raise RequestError(f"predictions of {present.name}, whose card is in {folder}", name)
    file = folder / (PREDICTIONS if present is None else present.predictions)
    write_joined(file, parts)
    card = present.model_copy(update={"sha256": sha256_of(file)}) if present else _new(name, file)
    document = card.model_dump(mode="json")
    text = write_yaml(document, width=100)
    write_text(folder / CARD, text)
    return card


def _read_card(path: Path) -> SubmissionCard | None:
    """Return the card of a folder, filled in or not; None where it has none."""
    if not is_file(path):
        return None
    return parse_document(
        read_text(path, WHAT, SchemaError), SubmissionCard, WHAT, str(path), SchemaError
    )


def _new(name: str, file: Path) -> SubmissionCard:
    return SubmissionCard(
        format="mlip-compose/submission/1",
        name=name,
        summary=TO_DO,
        authors=(TO_DO,),
        training=TO_DO,
        predictions=file.name,
        sha256=sha256_of(file),
    )


def _is_unfilled(value: Any) -> bool:
    return value == TO_DO or (isinstance(value, tuple) and TO_DO in value)
