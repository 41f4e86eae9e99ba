"""Things that other packages add: found late, named in errors, in nobody's way."""

import textwrap
from itertools import count

import pytest

from mlip_compose.core.errors import PluginError
from mlip_compose.core.plugins import Registry

GROUPS = count()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Return a function that makes a registry of numbers, with packages that add some."""

    def make(**packages):
        group = f"mlip_compose.test{next(GROUPS)}"
        for package, entries in packages.items():
            folder = tmp_path / f"{package}-1.5.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n"
            )
            lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
            (folder / "entry_points.txt").write_text(f"[{group}]\n{lines}\n")
        (tmp_path / "numbers_of_others.py").write_text(
            textwrap.dedent("""
                SEVEN = 7
                TEXT = "seven"
            """)
        )
        (tmp_path / "module_that_exits.py").write_text("raise SystemExit(3)\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return Registry(
            "number", group, {"one": 1}, "a number", lambda name, thing: isinstance(thing, int)
        )

    return make


def test_without_plugins_there_is_what_the_program_has(registry):
    numbers = registry()
    assert dict(numbers) == numbers.usable() == {"one": 1}
    assert numbers.problems() == ()
    assert numbers.plugin("one") is None
    with pytest.raises(KeyError):
        numbers["two"]


def test_a_plugin_is_one_more(registry):
    numbers = registry(sevens={"seven": "numbers_of_others:SEVEN"})
    assert list(numbers) == ["one", "seven"]
    assert "seven" in numbers
    assert len(numbers) == 2
    assert numbers["seven"] == 7
    assert str(numbers.plugin("seven")) == "sevens 1.5"
    assert numbers.problems() == ()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seven", "no_such_module_at_all:SEVEN", "No module named 'no_such_module_at_all'"),
        ("seven", "numbers_of_others:EIGHT", "has no attribute 'EIGHT'"),
        ("seven", "numbers_of_others:TEXT", r"str \('seven'\)"),
        ("seven", "module_that_exits:SEVEN", "found 3"),
        ("se/ven", "numbers_of_others:SEVEN", "the name 'se/ven'"),
    ],
)
def test_a_broken_plugin_is_named_and_stands_in_the_way_of_nothing(registry, name, value, message):
    numbers = registry(sevens={name: value, "good": "numbers_of_others:SEVEN"})
    with pytest.raises(PluginError, match=message) as caught:
        numbers[name]
    assert f"the entry point {name} = {value} of the package sevens 1.5" in str(caught.value)
    assert "Update sevens, or uninstall it." in str(caught.value)
    assert numbers.usable() == {"one": 1, "good": 7}
    assert numbers.problems() == (str(caught.value),)


def test_the_program_keeps_its_own_names(registry):
    numbers = registry(sevens={"one": "numbers_of_others:SEVEN"})
    assert numbers.usable() == {"one": 1}
    assert numbers.plugin("one") is None
    (problem,) = numbers.problems()
    assert "'one', which is a number of mlip-compose" in problem
    assert "sevens 1.5" in problem


def test_a_name_of_two_packages_is_used_from_neither(registry):
    entry = {"seven": "numbers_of_others:SEVEN"}
    numbers = registry(sevens=entry, others=entry)
    with pytest.raises(PluginError, match=r"package \w+ 1\.5 and .* of the package \w+ 1\.5"):
        numbers["seven"]
    assert numbers.usable() == {"one": 1}
    assert len(numbers.problems()) == 1


def test_this_program_adds_nothing_by_entry_points():
    """What it has needs no look at all packages that are installed."""
    from importlib.metadata import distribution

    groups = {entry.group for entry in distribution("mlip-compose").entry_points}
    assert groups == {"console_scripts"}
