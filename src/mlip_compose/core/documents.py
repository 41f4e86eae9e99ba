"""YAML and JSON of users, read strictly; the base of every record on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

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

LARGEST: Final = 1_000_000
"""Bytes of a YAML document; what people write by hand has some thousands."""
DEEPEST: Final = 40
"""Levels of a YAML document."""
MOST: Final = 100_000
"""Values of a YAML document, those counted again that an alias repeats."""
_BITS: Final = 64  # of a whole number


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


def parse_yaml(text: str) -> Any:
    """Read YAML into Python's plain types; no tag makes anything else.

    Raises
    ------
    ValueError
        The text is no YAML, or is too much for a document: it is too deep, has a whole number of
        more than 64 bits, or has aliases that repeat too much or stand in themselves.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _count(node, {})
        return loader.construct_document(node)
    except (yaml.YAMLError, LookupError, AttributeError, TypeError, OverflowError) as error:
        # PyYAML raises the latter for tags that do not fit their values, such as `!!int x`
        raise ValueError(one_line(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


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


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with limits."""

    _level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._level += 1
        if self._level > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels")
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1

    def construct_yaml_int(self, node: Any) -> int:
        value = super().construct_yaml_int(node)
        if value.bit_length() > _BITS:
            raise ValueError(f"a whole number of more than {_BITS} bits")
        return value


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _count(node: yaml.Node, counts: dict[int, int | None]) -> int:
    """Count the values of a node, those again that aliases repeat.

    ``counts`` has the numbers of the nodes that were counted before, by identity; None marks a node
    that is being counted now.
    """
    if id(node) in counts:
        count = counts[id(node)]
        if count is None:
            raise ValueError("an alias of what it stands in")
        return count
    counts[id(node)] = None
    total = 1
    if isinstance(node, yaml.SequenceNode):
        total += sum(_count(value, counts) for value in node.value)
    elif isinstance(node, yaml.MappingNode):
        total += sum(_count(part, counts) for pair in node.value for part in pair)
    if total > MOST:
        raise ValueError(f"more than {MOST:,} values, most of them by aliases")
    counts[id(node)] = total
    return total


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
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the document"
        value = excerpt(first.get("input"))
        raise error_class(
            f"a {kind} in {where} in which {key} is right", f"{value!r}: {first['msg']}"
        ) from error


def canonical_json(document: Any) -> str:
    """Write JSON in one way only: sorted keys, no white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
