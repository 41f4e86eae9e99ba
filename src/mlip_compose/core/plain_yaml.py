"""YAML as people mean it, read within limits: the core schema of YAML 1.2.

PyYAML reads YAML 1.1, in which ``no`` is false, ``4e2`` is text, ``0400`` is 256, ``1:40`` is 100
and ``2024-01-01`` is a date. A list of SMILES such as ``[CO, NO]`` would lose a molecule. By the
core schema (yaml.org/spec/1.2.2, section 10.3) a plain word is null, true, false, a number, or
text. Digits may be grouped as in ``1_000``, which that schema leaves out.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from mlip_compose.core.errors import excerpt, one_line

DEEPEST: Final = 40
"""Levels of a YAML document."""
MOST: Final = 100_000
"""Values of a YAML document, those counted again that an alias repeats."""
_BITS: Final = 64  # of a whole number
_BASES: Final = {"0o": 8, "0x": 16}

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?([0-9][0-9_]*|0o[0-7_]+|0x[0-9a-fA-F_]+)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    ("merge", r"<<", ["<"]),
)
"""The plain words that are no text: kind, pattern, first letters."""


def parse_yaml(text: str) -> Any:
    """Read YAML into Python's plain types; no tag makes anything else.

    Raises
    ------
    ValueError
        The text is no YAML, or is too much for a document: it is too deep, has a whole number of
        more than 64 bits, or has aliases that repeat too much or stand in themselves; or a mapping
        has a key twice.
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


def write_yaml(document: Any, width: float = 80, flow: bool | None = False) -> str:
    """Write plain types as YAML that means the same in YAML 1.1 and 1.2, keys in their order.

    ``flow`` is PyYAML's ``default_flow_style``: None writes the innermost values in one line.
    """
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=width,
        default_flow_style=flow,
    )
    return text


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the words of the core schema, and with limits."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012  # PyYAML's own attribute of a class
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
        digits = self.construct_scalar(node).replace("_", "")
        sign = -1 if digits[0] == "-" else 1
        digits = digits.lstrip("+-")
        value = sign * int(digits, _BASES.get(digits[:2], 10))
        if value.bit_length() > _BITS:
            raise ValueError(f"a whole number of more than {_BITS} bits")
        return value


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which quotes text that either version of YAML takes for a number."""


for _kind, _pattern, _letters in _WORDS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_TAG + _kind, re.compile(f"^(?:{_pattern})$"), _letters)
_Loader.add_constructor(f"{_TAG}int", _Loader.construct_yaml_int)


def _count(node: yaml.Node, counts: dict[int, int | None]) -> int:
    """Count the values of a node, those again that aliases repeat; refuse a key that stands twice.

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
        _refuse_repeated_key(node)
        total += sum(_count(part, counts) for pair in node.value for part in pair)
    if total > MOST:
        raise ValueError(f"more than {MOST:,} values, most of them by aliases")
    counts[id(node)] = total
    return total


def _refuse_repeated_key(node: yaml.MappingNode) -> None:
    """Raise ValueError where a key stands twice: PyYAML would take its last value in silence."""
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        word = (key.tag, key.value)
        if word in lines:
            raise ValueError(
                f"the key {excerpt(key.value)!r} twice, in line {lines[word]} and in line {line}"
            )
        lines[word] = line
