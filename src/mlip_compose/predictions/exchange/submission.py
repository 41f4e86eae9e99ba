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

import yaml
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
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.joined import write_joined

CARD: Final = "card.yaml"
PREDICTIONS: Final = "predictions.h5"
SUFFIXES: Final = (".yaml", ".yml")
WHAT: Final = "card of a submission"
TO_DO: Final = "TO DO"
"""What stands where a person has to write: no card that has it is complete."""


class Cost(Handwritten):
    """What one training took; the mean, where there is one for each of several splits.

    Attributes
    ----------
    device
        Processor or accelerator, by its name.
    wall_s, cpu_s
        Time of the training, seconds; None where nobody measured it.
    gradient_steps
        None of a potential without them.
    """

    device: str | None = None
    wall_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    cpu_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    gradient_steps: int | None = Field(default=None, ge=1)


class SubmissionCard(Handwritten):
    """What is known of a potential that is handed in.

    Attributes
    ----------
    format
        Of this document.
    name
        Of its row: the one that the predictions bear.
    summary
        What it is, in a line.
    authors
        Who hands it in.
    training
        How it was trained, so that somebody else could do it again: architecture, settings, which
        frames it saw, how training was stopped.
    predictions
        Name of the file of predictions, beside the card.
    sha256
        Of that file.
    parameters
        Number of fitted parameters; None where nobody counted them.
    cost
        Of the training.
    code, weights
        Addresses of the code and of the trained parameters; None where they are not published.
    licence
        Of the weights; None where there are none.
    citation
        DOI, arXiv number or address of what describes it.
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
        """Return the cost as units of work have it; only what is known."""
        document = {"parameters": self.parameters, **self.cost.model_dump(mode="json")}
        return {key: value for key, value in document.items() if value is not None}

    def facts(self) -> dict[str, Any]:
        """Return what results say of it besides its cost."""
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
    """Read a card and check that its predictions are there; a file of predictions is one alone.

    Raises
    ------
    SchemaError, UnknownNameError
        The card cannot be read, says what cannot be, or is not filled in.
    UnreadableError
        The file that it names is not there.
    ChecksumError
        That file is another one.
    """
    if path.suffix.lower() not in SUFFIXES:
        return Submission(path)
    text = read_text(path, WHAT, SchemaError)
    card = parse_document(text, SubmissionCard, WHAT, str(path), SchemaError)
    if undone := [key for key, value in card.model_dump().items() if _is_undone(value)]:
        raise SchemaError(
            f"a {WHAT} that is filled in ({path})",
            f"{TO_DO} in {', '.join(undone)}",
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
    """Yield cards and files of predictions: those that are named, and the cards in directories.

    A directory is a submission, or has one in each of some of its directories.

    Raises
    ------
    RequestError
        A directory without any.
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

    What the card of the same folder said is kept; only the file's checksum is new.

    Parameters
    ----------
    folder
        Made where there is none. Predictions that it has are replaced if there is a card with them.
    parts
        Predictions on each split.

    Raises
    ------
    RequestError
        Predictions of several potentials or data sets, or of one split twice; predictions in the
        folder that no card names; a card of another potential.
    """
    parts = list(parts)
    known = _known_card(folder / CARD)
    name = parts[0].header.potential if parts else ""
    if known is None:
        refuse_existing(folder / PREDICTIONS)
    elif known.name != name:
        raise RequestError(f"predictions of {known.name}, whose card is in {folder}", name)
    file = folder / (PREDICTIONS if known is None else known.predictions)
    write_joined(file, parts)
    card = known.model_copy(update={"sha256": sha256_of(file)}) if known else _new(name, file)
    document = card.model_dump(mode="json")
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    write_text(folder / CARD, text)
    return card


def _known_card(path: Path) -> SubmissionCard | None:
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


def _is_undone(value: Any) -> bool:
    return value == TO_DO or (isinstance(value, tuple) and TO_DO in value)
