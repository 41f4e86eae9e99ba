"""Every command with its arguments and options, as typer knows them."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from mlip_compose.cli.app import app
from pages.markdown import code, prose, sentence, table

INTRODUCTION = """\
# Commands

Every command and group of commands has `--help`. A command that has `--json` prints JSON and
nothing else on stdout when it is given; messages and progress go to stderr.

| exit status | meaning |
| --- | --- |
| 0 | done |
| 1 | some units of work failed; each is named, with its reason |
| 2 | the request cannot be served; the message says what was expected and what was found |
| 130 | interrupted; what was finished is kept |
"""

ROOT = "mlip-compose"
TYPES = {str: "text", Path: "path", int: "integer", float: "number"}


def page() -> str:
    """Return the page of all commands."""
    root = typer.main.get_command(app)
    found = list(_walk(root, (ROOT,)))
    overview = table(
        ("command", "what it does"),
        (
            (
                f"[{code(' '.join(names[1:]))}](#{'-'.join(names)})",
                sentence(prose(_summary(command))),
            )
            for names, command in found
            if not _is_group(command)
        ),
    )
    sections = [_section(names, command) for names, command in found]
    return "\n\n".join([INTRODUCTION + "\n" + overview, *sections]) + "\n"


def _is_group(command: Any) -> bool:
    return bool(getattr(command, "commands", None))


def _walk(command: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not _is_group(command):
        yield names, command
        return
    if len(names) > 1:
        yield names, command
    for name, below in command.commands.items():
        yield from _walk(below, (*names, name))


def _summary(command: Any) -> str:
    return (command.help or "").strip().split("\n\n")[0]


def _section(names: tuple[str, ...], command: Any) -> str:
    path = " ".join(names)
    if _is_group(command):
        return f"## {path} …\n\n{sentence(prose(command.help or ''))}"
    level = "##" if len(names) == 2 else "###"
    paragraphs = [sentence(prose(text)) for text in (command.help or "").strip().split("\n\n")]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(
        [path, *map(_usage, arguments), *(["[OPTIONS]"] if options else [])],
    )
    parts = [f"{level} {path}", *paragraphs, f"```text\n{usage}\n```"]
    if arguments:
        rows = [(code(_metavar(p)), _type(p), _meaning(p)) for p in arguments]
        parts.append(table(("argument", "type", "meaning"), rows))
    if options:
        rows = [(_flags(p), _type(p), _meaning(p)) for p in options]
        parts.append(table(("option", "type", "meaning"), rows))
    return "\n\n".join(parts)


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _usage(argument: Any) -> str:
    shown = _metavar(argument) + ("..." if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _flags(option: Any) -> str:
    return ", ".join(code(flag) for flag in (*option.opts, *option.secondary_opts))


def _type(parameter: Any) -> str:
    if getattr(parameter, "is_flag", False):
        return "flag"
    annotation = parameter.type_descriptor.annotation
    if get_origin(annotation) in (list, tuple):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        name = " or ".join(code(choice) for choice in get_args(annotation))
    elif issubclass(annotation, Enum):
        name = " or ".join(code(choice.value) for choice in annotation)
    else:
        name = TYPES[annotation]
    least, most = parameter.min, parameter.max
    bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    shown = ", ".join([name, *bounds])
    return f"{shown}; may be repeated" if parameter.multiple else shown


def _meaning(parameter: Any) -> str:
    text = sentence(prose(parameter.help or ""))
    default = parameter.default
    if callable(default):
        default = default()
    nothing = default is None or default is False or default in ("", (), [])
    if parameter.required:
        return f"{text} Required." if parameter.param_type_name == "option" else text
    return text if nothing else f"{text} Default: {code(default)}."
