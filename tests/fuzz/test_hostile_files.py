"""Every reader of files, with hostile ones: it refuses them in one message, or they are valid.

The readers stand in ``tests/helpers/hostile``. More cases of one reader, by hand:
``HOSTILE_CASES=5000 pytest tests/fuzz -m slow -k "own predictions"``.
"""

import importlib
import os

import pytest
from hostile.fenced_process import offences

MODULES = (
    "commands",
    "data_of_others",
    "documents",
    "downloads",
    "models",
    "predictions",
    "results",
    "stores",
)
READERS = [
    (module, name, reader.slow)
    for module in MODULES
    for name, reader in importlib.import_module(f"hostile.{module}").READERS.items()
]
FEW, MANY = range(10), range(1_000_000, 1_000_000 + int(os.environ.get("HOSTILE_CASES", "340")))
"""Seeds of the usual tests, and of the slow ones."""


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, name, slow in READERS if not slow]
)
def test_hostile_files_are_refused_or_valid(fenced_process, module, name):
    assert offences(fenced_process.run(module, name, FEW)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name, _ in READERS])
def test_many_hostile_files_are_refused_or_valid(fenced_process, module, name):
    assert offences(fenced_process.run(module, name, MANY)) == []
