"""What docs/python.md shows is what happens; the page of reference has the public names.

The blocks of Python run in order, in one directory. A ``text`` block after one is what that prints,
line by line; numbers may differ by 2 %. Examples of docstrings run, too.
"""

import contextlib
import doctest
import io
import re
from pathlib import Path

import pytest
from shown_output import missing

import mlip_compose

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", PAGE, re.S | re.M)
PUBLIC = sorted(set(mlip_compose.__all__) - {"__version__"})


def test_the_page_is_what_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for code, shown in BLOCKS:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/python.md", "exec"), names)
        lines = printed.getvalue().splitlines()
        assert len(lines) == len(shown.splitlines()), f"{code}\nprints\n{printed.getvalue()}"
        line = missing(shown.splitlines(), lines)
        assert line is None, f"{code}\nhas not printed:\n{line}\nbut:\n{printed.getvalue()}"
    assert (tmp_path / "lengths.html").stat().st_size > 100_000


def test_the_reference_has_the_public_names():
    page = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
    assert sorted(re.findall(r"^::: mlip_compose\.(\w+)$", page, re.M)) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_of_docstrings_are_what_happens(name):
    public = getattr(mlip_compose, name)
    assert public.__doc__
    for example in doctest.DocTestFinder(recurse=False).find(public, name, globs={}):
        runner = doctest.DocTestRunner()
        printed = io.StringIO()
        runner.run(example, out=printed.write)
        assert runner.failures == 0, printed.getvalue()


def test_functions_have_an_example():
    functions = [name for name in PUBLIC if name.islower()]
    assert not [name for name in functions if ">>> " not in getattr(mlip_compose, name).__doc__]
