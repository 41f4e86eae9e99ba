"""Relative paths in what the user gives a calculator, for use from another working directory.

A calculator opens some files when it is made, and others when it calculates, in a scratch directory
by then. What is absolute means the same in both. A name without a slash stays as it is: it is as
often that of a file which the program writes (``mopac.out``), maybe left in the user's directory by
an earlier calculation, as that of one which it reads.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.errors import RequestError

COMMAND: Final = "command"
PLACES: Final = ("directory", "label")
"""Arguments by which ASE's calculators are told where their files go."""

_WRITTEN: Final = re.compile(r"directory|label|prefix|out|log|tmp|scratch|txt|trajectory")
"""Found in names of arguments that say where a program writes."""

_WORD: Final = re.compile(r"(>\s*)?([^\s<>|&;=\"'()]+)")
_SCRIPT: Final = re.compile(r"\.(py|sh|bash|pl|rb|jl)$")


def check_own_files(name: str, arguments: Mapping[str, Any]) -> None:
    """Raise RequestError where arguments of ``name`` give all calculations one directory."""
    for key in PLACES:
        place = arguments.get(key)
        if isinstance(place, str) and Path(place).is_absolute():
            raise RequestError(
                f"calculations of {name} that each write into a directory of their own",
                f"{key}={place}, one for all of them",
                f"Leave {key} out; --keep-scratch keeps the files of what fails.",
            )


def written_to(calculator: Any) -> Path | None:
    """Return the absolute directory that a calculator exchanges files with a program in, if any.

    A relative one is within the scratch directory of the unit of work.
    """
    from ase.calculators.calculator import FileIOCalculator
    from ase.calculators.genericfileio import GenericFileIOCalculator

    if not isinstance(calculator, FileIOCalculator | GenericFileIOCalculator):
        return None
    place = Path(calculator.directory)
    return place if place.is_absolute() else None


def absolute_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of a call in which paths of files that are there are absolute.

    A path has a slash, such as ``./gfn2.toml``. Arguments that say where a program writes, such as
    ``label`` or ``outdir``, stay as they are.
    """
    return {key: _absolute(key, value) for key, value in arguments.items()}


def make_command_absolute(calculator: Any) -> None:
    """Make the programs and scripts of a calculator's command absolute, whoever set the command.

    It is an argument, a variable such as ``ASE_ORCA_COMMAND``, a line of ASE's configuration, or in
    the function that makes the calculator.
    """
    holders: tuple[Any, ...] = (calculator, getattr(calculator, "profile", None))
    for holder in holders:
        command = getattr(holder, COMMAND, None)
        if isinstance(command, str) and (changed := _in_command(command, _is_program)) != command:
            holder.command = changed


def _absolute(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {inner: _absolute(f"{key} {inner}", part) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_absolute(key, part) for part in value]
    if not isinstance(value, str):
        return value
    if key == COMMAND:
        return _in_command(value, lambda word: _is_program(word) or _is_path(word))
    return str(Path(value).absolute()) if not _WRITTEN.search(key) and _is_path(value) else value


def _in_command(command: str, is_input: Callable[[str], bool]) -> str:
    """Make words of a command absolute, but not those that its output goes to."""

    def absolute(match: re.Match[str]) -> str:
        output, word = match.groups()
        if output or not is_input(word):
            return match.group()
        return str(Path(word).absolute())

    return _WORD.sub(absolute, command)


def _is_path(text: str) -> bool:
    return "/" in text and _exists(text)


def _is_program(word: str) -> bool:
    runs = _SCRIPT.search(word) or ("/" in word and os.access(word, os.X_OK))
    return bool(runs) and _exists(word) and Path(word).is_file()


def _exists(text: str) -> bool:
    try:
        return not Path(text).is_absolute() and Path(text).exists()
    except (OSError, ValueError):  # a text that is too long for a name, or has a zero in it
        return False
