"""The names of ``import mlip_compose``: found late, listed, and nothing else."""

import subprocess
import sys

import pytest

import mlip_compose

LIGHT = """
import sys
import mlip_compose
loaded = [name for name in sys.modules if name.startswith("mlip_compose")]
assert loaded == ["mlip_compose"], loaded
heavy = {"numpy", "pydantic", "h5py", "rdkit", "ase", "torch", "pandas"} & set(sys.modules)
assert not heavy, heavy
mlip_compose.ComposeError
assert "numpy" not in sys.modules
"""


def test_importing_the_package_imports_nothing_else():
    outcome = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


def test_every_name_is_there_and_listed():
    for name in mlip_compose.__all__:
        assert getattr(mlip_compose, name) is not None
    assert set(mlip_compose.__all__) <= set(dir(mlip_compose))


def test_names_are_those_that_type_checkers_see():
    """The block for type checkers, the table of modules and ``__all__`` are of the same names."""
    import ast
    from pathlib import Path

    tree = ast.parse(Path(mlip_compose.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(typed) == sorted(set(mlip_compose.__all__) - {"__version__"})
    for name, module in typed.items():
        assert getattr(mlip_compose, name) is getattr(sys.modules[module], name)


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'open_store'"):
        mlip_compose.open_store  # noqa: B018
