"""The command line with hostile files: exit status 0, 1 or 2, one message, never a traceback."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from pen import Reader, few, many, offences

sys.path.insert(0, str(Path(__file__).parent))
import test_documents
import test_foreign_data
import test_models
import test_predictions
import test_results
import test_stores
from mutations import NAMES, one_of
from test_predictions import shared

from mlip_compose.cli.app import main
from mlip_compose.core.errors import RequestError


class RefusedError(RequestError):
    """The command ended with status 2, as it should for what it refuses."""


def run(arguments):
    """Run the command and hold it to its contract."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # strict, as a terminal's is
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    sys.argv = ["mlip-compose", *arguments]
    status = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            status = 0 if ended.code is None else ended.code
        out.flush()
        err.flush()
    said = err.buffer.getvalue().decode()
    assert status in (0, 1, 2), f"status {status}: {said}"
    assert "Traceback" not in said, said[-1500:]
    if status == 2:
        assert out.buffer.getvalue() == b""
        assert "expected " in said or "Usage: " in said, said
        raise RefusedError("a request that can be served", said[-200:])


TOY = ("--dataset", "{toy}", "--allow-missing")
COMMANDS = (
    (test_stores, "store", ("data", "info", "{}")),
    (test_stores, "store", ("data", "info", "{}", "--json")),
    (test_stores, "store", ("data", "card", "{}")),
    (test_stores, "store", ("data", "check", "{}", "--sample", "0")),
    (test_stores, "store", ("data", "export", "{}", "--out", "exported")),
    (test_stores, "store", ("data", "compare", "{}", "{toy}")),
    (
        test_stores,
        "store",
        (
            "data",
            "export",
            "{}",
            "--out",
            "e",
            "--task",
            "length",
            "--allow-missing",
            "--level",
            "1",
        ),
    ),
    (
        test_stores,
        "store",
        ("tasks", "certify", "length", "--level", "1", "--molecules", "{}", "--allow-missing"),
    ),
    (test_stores, "store", ("tasks", "show", "length", "--molecules", "{}", "--json")),
    (test_predictions, "own predictions", ("score", "{}", *TOY)),
    (test_predictions, "own predictions", ("score", "{}", *TOY, "--json")),
    (test_predictions, "own predictions", ("score", "{}", "--allow-missing")),
    (test_predictions, "joined predictions", ("score", "{}", *TOY, "--task", "length")),
    (test_predictions, "joined predictions", ("predictions", "join", "{}", "--out", "joined")),
    (test_predictions, "submission", ("predictions", "check", "{}", "--json")),
    (test_predictions, "submission", ("run", "quick", "--predictions", "{}", "-j", "1")),
    (
        test_predictions,
        "xyz of others",
        ("predictions", "import", "{}", "--name", "x", *TOY, "--json"),
    ),
    (
        test_predictions,
        "hdf5 of others",
        ("predictions", "import", "{}", "--name", "x", *TOY),
    ),
    (
        test_predictions,
        "npz of others, flat",
        ("predictions", "import", "{}", "--name", "x", *TOY),
    ),
    (test_models, "composition", ("predict", "length", "{}", "--level", "1", *TOY)),
    (test_models, "additive", ("predict", "length", "{}", "--level", "1", *TOY, "--json")),
    (test_models, "additive", ("potentials", "terms", "{}")),
    (test_documents, "card", ("potentials", "show", "{}")),
    (test_documents, "card of a calculator", ("potentials", "show", "{}", "--json")),
    (test_documents, "study", ("run", "{}", "--cluster", "no-cluster.yaml")),
    (test_documents, "cluster", ("run", "quick", "--cluster", "{}", "-j", "1")),
    (test_documents, "recipe", ("data", "build", "{}", "--cluster", "no-cluster.yaml")),
    (
        test_foreign_data,
        "xyz",
        ("data", "import", "{}", "--reference", "r", "--name", "n", "--out", "n.h5"),
    ),
    (
        test_foreign_data,
        "npz",
        ("data", "import", "{}", "--reference", "r", "--name", "n", "--out", "n.h5", "--json"),
    ),
    (test_results, "report", ("report", "{}")),
    (test_results, "report", ("report", "{}", "--site", "site")),
    (test_results, "report", ("archive", "{}", "--out", "archive")),
    (test_results, "shard", ("merge", "{}", "-j", "1")),
)
WITH_NAMES = (
    ("data", "info", "{}"),
    ("data", "check", "{}"),
    ("data", "build", "{}"),
    ("data", "compare", "{}", "{}"),
    ("data", "import", "{}", "--reference", "r", "--name", "n"),
    ("tasks", "show", "{}"),
    ("tasks", "certify", "length", "--molecules", "{}"),
    ("potentials", "show", "{}"),
    ("potentials", "terms", "{}"),
    ("molecules", "show", "{}"),
    ("run", "{}"),
    ("report", "{}"),
    ("archive", "{}", "--out", "archive"),
    ("merge", "{}", "{}"),
    ("score", "{}"),
    ("predict", "length", "{}"),
    ("predict", "{}", "nowhere"),
    ("predictions", "import", "{}", "--name", "x"),
    ("predictions", "join", "{}", "--out", "joined"),
    ("predictions", "check", "{}"),
    ("train", "length", "{}"),
    ("train", "length", "composition", "--set", "{}"),
    ("train", "length", "composition", "--dataset", "{}"),
)


def command(rng, arena):
    module, reader, arguments = one_of(rng, COMMANDS)
    path = module.READERS[reader].make(rng, arena)
    return [part.format(path, toy=shared()["folder"] / "toy.h5") for part in arguments]


def named(rng, arena):
    name = one_of(rng, (*NAMES, "x" * 300, "x/" * 3000, "nul", "\udcff", "x.yaml", "*.yaml"))
    if rng.integers(3) == 0:
        name += one_of(rng, (".yaml", ".h5", ".xyz", ":fine-tuned"))
    return [part.format(name.replace("\0", "")) for part in one_of(rng, WITH_NAMES)]


READERS = {"command": Reader(command, run), "names": Reader(named, run)}


@pytest.mark.parametrize("reader", READERS)
def test_hostile_files_are_refused_or_valid(pen, reader):
    assert offences(pen.run(__file__, reader, few())) == []


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_many_hostile_files_are_refused_or_valid(pen, reader):
    assert offences(pen.run(__file__, reader, many())) == []
