"""The calls of a recording, as they are typed after ``mlip-compose``: a line each in ``sections/``.

``{name}`` stands for each of its values; a line with two such names is as many calls as there are
pairs of values. ``*`` stands for paths, as in a shell. A line that begins with a full stop is a
step of the recording's own (``steps.STEPS``), and one that begins with # says what follows.

Sections do not depend on each other. The calls of one follow each other in one directory.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

TABLES = Path(__file__).parent / "sections"


def sections(tables: Path) -> list[str]:
    """Return the names of the sections in a folder of tables of calls."""
    return sorted(path.stem for path in tables.glob("*.txt"))


def calls(table: Path, listed: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the calls of a section, each as a line.

    Parameters
    ----------
    table
        The file of the section; ``values.yaml`` beside it has values of names.
    listed
        Values that the tree itself lists, by the names that stand for them.
    """
    values: dict[str, Sequence[Any]] = {**_values(table.parent), **listed}
    for line in table.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        names = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(line) if name))
        for chosen in product(*(values[name] for name in names)):
            yield line.format(**dict(zip(names, chosen, strict=True))).strip()


def _values(tables: Path) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = yaml.safe_load((tables / "values.yaml").read_text("utf-8"))
    return values
