"""YAML and JSON of users, read strictly; the base of every record on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from mlip_compose.core.errors import RequestError, StudyError, UnknownNameError, excerpt, one_line


class Strict(BaseModel):
    """A frozen record that refuses keys it does not know; numbers that are not finite are null."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")

    def shared_with(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return the values of the fields that another record has, too, to make such a record."""
        names = type(self).model_fields.keys() & model.model_fields.keys()
        return {name: getattr(self, name) for name in names}


class Handwritten(Strict):
    """A record that a person writes, such as a card: no value is taken for another type.

    White space around a text is no part of it.
    """

    model_config = ConfigDict(str_strip_whitespace=True, strict=True)


Model = TypeVar("Model", bound=BaseModel)

_LIST: Final = "a list"
_TEXT: Final = "text"
_WHOLE: Final = "a whole number"
_LISTS: Final = ("tuple_type", "list_type")
_KINDS: Final = {
    **dict.fromkeys(_LISTS, _LIST),
    "string_type": _TEXT,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("dict_type", "model_type"), "keys with values"),
}
"""What a value has to be, by pydantic's name of the error."""
_REASONS: Final = {"extra_forbidden": "no such key"}

LARGEST: Final = 1_000_000
"""Bytes of a YAML document; what people write by hand has some thousands."""


def is_file(path: Path) -> bool:
    """Return whether a path is a file; False also for a path that the system does not take."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def is_directory(path: Path) -> bool:
    """Return whether a path is a directory; False also for one that the system does not take."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_text(path: Path, kind: str, error_class: type[RequestError] = StudyError) -> str:
    """Read a text file of a kind, such as ``study``; raise ``error_class`` where that fails."""
    expected = f"a {kind} in {path} (YAML, UTF-8)"
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise error_class(f"{expected} of at most {LARGEST:,} bytes", f"{size:,} bytes")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise error_class(expected, str(error)) from error


def parse_json(text: str | bytes) -> Any:
    """Read JSON into Python's plain types.

    Raises
    ------
    ValueError
        The text is no JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_document(
    text: str,
    model: type[Model],
    kind: str,
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
    kind
        Kind of the document for messages, such as ``study``.
    where
        Place that the text came from, for messages.
    error_class
        Class of the errors.

    Raises
    ------
    error_class
        The text is no YAML or no mapping, or a value does not fit the schema.
    UnknownNameError
        A key is not in the schema; the message names the nearest.
    """
    from mlip_compose.core.plain_yaml import parse_yaml  # late: most commands read no YAML

    try:
        document = parse_yaml(text)
    except ValueError as error:
        raise error_class(f"a {kind} in {where} (YAML)", one_line(error)) from error
    keys = list(model.model_fields)
    if not isinstance(document, dict):
        value = (
            "nothing" if document is None else f"{type(document).__name__} {str(document)[:60]!r}"
        )
        raise error_class(f"a {kind} in {where}: a mapping with keys {', '.join(keys)}", value)
    for key in document:
        if key not in keys:
            raise UnknownNameError(f"key of a {kind}", str(key), keys)
    return validated(model, document, f"a {kind} in {where}", error_class)


def validated(
    model: type[Model],
    document: Mapping[str, Any],
    what: str,
    error_class: type[RequestError] = StudyError,
) -> Model:
    """Return the record that a person's document is.

    Parameters
    ----------
    model
        The schema.
    document
        Keys and values.
    what
        The document in words, such as ``a study in mine.yaml``.
    error_class
        Class of the errors.

    Raises
    ------
    error_class
        A value does not fit the schema; the message says which would, and what to write.
    """
    try:
        record = model.model_validate(document)
    except ValidationError as error:
        wrong = _plainest(error.errors(), document)
        raise error_class(*_in_words(wrong, document, what)) from error
    for place, value in _truths(document, record.model_dump()):
        raise error_class(f"{what} in which {'.'.join(place)} is right: a number", _shown(value))
    return record


def _plainest(errors: list[ErrorDetails], document: Any) -> ErrorDetails:
    """Return the error that says most: of the deepest place, and of a list before its others."""
    return max(
        errors,  # of the first, where two say as much
        key=lambda error: (len(_place(error, document)), error["type"] in _LISTS),
    )


def _place(error: ErrorDetails, document: Any) -> list[str]:
    """Return the keys down to a wrong value, without the types that were tried on it."""
    keys = []
    for key in error["loc"]:
        inside = isinstance(document, dict) and key in document
        inside |= isinstance(document, list) and isinstance(key, int) and key < len(document)
        if inside:
            keys.append(str(key))
            document = document[key]
    if error["type"] == "missing":
        keys.append(str(error["loc"][-1]))
    return keys


def _in_words(error: ErrorDetails, document: Any, what: str) -> tuple[str, str, str]:
    """Return what was expected and found, and what to do, of a value that does not fit."""
    place = _place(error, document)
    key, value = ".".join(place), error["input"]
    if error["type"] == "missing":
        names = ", ".join(map(str, value)) if isinstance(value, dict) else _shown(value)
        return f"{what} that has the key {key}", excerpt(names), ""
    expected = f"{what} in which {key or 'the document'} is right"
    kind = _KINDS.get(error["type"])
    if kind is None:
        reason = _REASONS.get(error["type"], error["msg"].removeprefix("Value error, "))
        return expected, f"{_shown(value)}: {reason}", ""
    hint = ""
    if place and kind == _LIST and not isinstance(value, dict | list):
        hint = f"Write {place[-1]}: [{_as_yaml(value)}]."
    elif place and kind == _TEXT and not isinstance(value, dict | list | None):
        hint = "Write it in quotes."
    return f"{expected}: {kind}", _shown(value), hint


def _truths(document: Any, record: Any) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield each true and false that was taken for a number, with the keys down to it."""
    if isinstance(document, bool):
        if isinstance(record, int | float) and not isinstance(record, bool):
            yield (), document
        return
    pairs: Iterable[tuple[Any, Any, Any]] = ()
    if isinstance(document, dict) and isinstance(record, dict):
        pairs = ((key, value, record.get(key)) for key, value in document.items())
    elif isinstance(document, list) and isinstance(record, list | tuple):
        pairs = ((row, *values) for row, values in enumerate(zip(document, record, strict=False)))
    for key, value, other in pairs:
        for place, truth in _truths(value, other):
            yield (str(key), *place), truth


def _as_yaml(value: Any) -> str:
    """Return a value as it may stand in a list in YAML."""
    plain = not isinstance(value, str) or re.fullmatch(r"[A-Za-z0-9_./-]+", value)
    return excerpt(value) if plain else json.dumps(excerpt(value), ensure_ascii=False)


def _shown(value: Any) -> str:
    """Return a value for a message: text in quotes, and all else as YAML has it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return repr(excerpt(value)) if isinstance(value, str) else excerpt(value)


def canonical_json(document: Any) -> str:
    """Write JSON in one way only: sorted keys, no white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
