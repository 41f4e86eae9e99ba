"""YAML documents of users: read strictly, wrong keys answered with the nearest right one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from mlip_compose.errors import RequestError, StudyError, UnknownNameError

Model = TypeVar("Model", bound=BaseModel)


def read_text(path: Path, what: str, error_class: type[RequestError] = StudyError) -> str:
    """Read a text file, or raise ``error_class`` saying why it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise error_class(f"a {what} in {path} (YAML, UTF-8)", str(error)) from error


def parse_document(
    text: str,
    model: type[Model],
    what: str,
    where: str,
    error_class: type[RequestError] = StudyError,
) -> Model:
    """Parse the YAML text of a document.

    Parameters
    ----------
    text
        The text.
    model
        The schema.
    what, where
        What the document is and where it came from, for messages.
    error_class
        Of the errors.

    Raises
    ------
    error_class
        Not YAML, not a mapping, or a value that cannot be.
    UnknownNameError
        A key that there is not; names the nearest.
    """
    try:
        document: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise error_class(f"a {what} in {where} (YAML)", " ".join(str(error).split())) from error
    known = list(model.model_fields)
    if not isinstance(document, dict):
        found = (
            "nothing" if document is None else f"{type(document).__name__} {str(document)[:60]!r}"
        )
        raise error_class(f"a {what} in {where}: a mapping with keys {', '.join(known)}", found)
    for key in document:
        if key not in known:
            raise UnknownNameError(f"key of a {what}", str(key), known)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the document"
        shown = str(first.get("input"))[:80]
        raise error_class(
            f"a {what} in {where} in which {key} is right", f"{shown!r}: {first['msg']}"
        ) from error
