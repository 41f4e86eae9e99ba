"""Markdown of texts and tables that come from the code."""

import re
from collections.abc import Iterable, Sequence


def prose(text: str) -> str:
    """Return text of a docstring or an option's help as one line of Markdown.

    Double backticks become single ones, roles of Sphinx lose their role, and what HTML or a table
    would take for its own (``<``, ``|``) is escaped.
    """
    line = " ".join(text.split())
    line = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", line).replace("``", "`")
    parts = line.split("`")
    for place in range(0, len(parts), 2):  # outside of code
        text = parts[place].replace("<", "&lt;")
        parts[place] = re.sub(r"(?<!\w)\*(\w+)\*|\*", lambda m: m[0] if m[1] else r"\*", text)
    return "`".join(parts).replace("|", r"\|")


def code(text: object) -> str:
    """Return a text as code within a table."""
    return f"`{text}`".replace("|", r"\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown."""
    lines = [list(columns), ["---"] * len(columns), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sentence(text: str) -> str:
    """Return a text as a sentence; a first word such as gfn2-xtb stays as it is."""
    first = text.partition(" ")[0].rstrip(",;:.")
    begun = text[:1].upper() + text[1:] if first.isalpha() else text
    return begun if begun.endswith((".", ":")) else f"{begun}."
