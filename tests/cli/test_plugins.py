"""What another package adds in this environment; tests/end_to_end has one in its own."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mlip_compose.core import plugins
from mlip_compose.engine.in_process import InProcess
from mlip_compose.potentials.composition import KIND
from mlip_compose.potentials.registry import KINDS
from mlip_compose.tasks.rules import ALL_TASKS, Whole


class Evens(Whole):
    name = "evens"
    summary = "chains of an even number"


THINGS: dict[str, dict[str, object]] = {
    "mlip_compose.potentials": {"springs": replace(KIND, name="springs"), "broken": Whole()},
    "mlip_compose.tasks": {"evens": Evens(), "odds": Evens()},
}


@pytest.fixture
def _installed(monkeypatch):
    """A package that adds a potential and a task, and others that do not fit."""
    package = SimpleNamespace(name="mlip-springs", version="1.0")

    def entry_points(group):
        return [
            SimpleNamespace(
                name=name, value=f"x:{name}", dist=package, load=lambda thing=thing: thing
            )
            for name, thing in THINGS.get(group, {}).items()
        ]

    monkeypatch.setattr(plugins, "entry_points", entry_points)
    plugins._plugins.cache_clear()
    yield
    plugins._plugins.cache_clear()
    for registry in (KINDS, ALL_TASKS):
        registry._loaded.clear()


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("noun", "name", "broken"), [("potentials", "springs", "broken"), ("tasks", "evens", "odds")]
)
def test_a_listing_says_which_package_adds_a_name_and_warns_of_what_does_not_fit(
    command, noun, name, broken
):
    listed = command(noun, "list")
    assert listed.status == 0
    (line,) = (line for line in listed.out.splitlines() if "mlip-springs 1.0" in line)
    assert name in line
    assert "Added by other packages" in listed.out
    assert "Warning: expected " in listed.err
    assert f"the entry point {broken} = x:{broken} of the package mlip-springs 1.0" in listed.err
    rows = json.loads(command(noun, "list", "--json").out)
    assert [row["name"] for row in rows if "package" in row] == [name]


@pytest.mark.usefixtures("_installed")
def test_results_say_which_package_a_potential_is_of(command, small, monkeypatch):
    class Here(InProcess):
        def __init__(self, *_):
            super().__init__()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("mlip_compose.engine.choice.local_engine", Here)
    train = ("train", "length", "springs", *small, "-l", "1", "--train-frames", "40")
    trained = json.loads(command(*train, "--json").out)
    assert trained["facts"]["software"] == {"mlip-springs": "1.0"}
