"""Commands and YAML files that pages show are such as the program takes."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from mlip_compose.cli.app import app
from mlip_compose.datasets.recipe import Recipe
from mlip_compose.engine.job_queue import JobQueue
from mlip_compose.potentials.entry import Entry
from mlip_compose.store.formats.keys import Keys
from mlip_compose.studies.study import Study
from mlip_compose.tasks.files import TaskFile

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)


def blocks(page, *languages):
    return [text for name, text in FENCE.findall(page.read_text("utf-8")) if name in languages]


def commands(page):
    """Return the command lines of a page, with what shells would take out or fill in gone."""
    for block in blocks(page, "bash", "sh"):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            if match := re.match(r"(?:\S*/)?mlip-compose (.*)", line.strip()):
                yield shlex.split(match[1], comments=True)


def parse(words):
    """Let the program parse a command line, and do nothing."""
    command: Any = typer.main.get_command(app)
    # The program reads a task file when it parses its name.
    rest = ["length" if word in ("task.yaml", "rings.yaml") else word for word in words]
    while getattr(command, "commands", None):
        assert rest, f"{' '.join(words)}: a command is missing"
        assert rest[0] in command.commands, f"{' '.join(words)}: no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    command.make_context("mlip-compose", rest)


@BY_NAME
def test_commands_can_be_parsed(page):
    for words in commands(page):
        parse(words)


def test_a_wrong_option_is_seen():
    with pytest.raises(Exception, match="No such option"):
        parse(["tasks", "certify", "length", "--levels", "2"])


@BY_NAME
def test_yaml_is_a_file_that_the_program_reads_or_a_part_of_a_study(page):
    heredocs = re.findall(r"<<'YAML'\n(.*?)^YAML$", page.read_text("utf-8"), re.S | re.M)
    for text in (*blocks(page, "yaml"), *heredocs):
        document = yaml.safe_load(text)
        if "system" in document:
            JobQueue.model_validate(document).arguments()
        elif "molecules" in document:
            Recipe.model_validate(document).selected()
        elif "train" in document or "rule" in document:
            TaskFile.model_validate(document)
        elif "energy" in document:
            Keys.model_validate(document)
        elif "name" in document:
            Study.model_validate(document).check()
        else:
            assert set(document) <= set(Study.model_fields)
            for entry in document.get("potentials", ()):
                Entry.model_validate({"potential": entry} if isinstance(entry, str) else entry)


@BY_NAME
def test_python_can_be_compiled(page):
    for text in blocks(page, "python"):
        compile(text, str(page), "exec")
