"""The command line with hostile files: exit status 0, 1 or 2, one message, never a traceback."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout

from hostile import data_of_others, documents, models, predictions, results, stores
from hostile.corrupted_text import NAMES, one_of
from hostile.reader import Reader
from mlip_compose.__main__ import main
from mlip_compose.core.errors import RequestError


class RefusedError(RequestError):
    """The command ended with status 2, as it should for what it refuses."""


def run(arguments):
    """Run the command and hold it to its contract."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # strict, as a terminal's is
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    sys.argv = ["mlip-compose", *arguments]
    status: str | int = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            status = 0 if ended.code is None else ended.code
        out.flush()
        err.flush()
    message = err.buffer.getvalue().decode()
    assert status in (0, 1, 2), f"status {status}: {message}"
    assert "Traceback" not in message, message[-1500:]
    if status == 2:
        assert out.buffer.getvalue() == b""
        assert "expected " in message or "Usage: " in message, message
        raise RefusedError("a request that can be served", message[-200:])


TOY = ("--dataset", "{toy}", "--allow-missing")
COMMANDS = (
    (stores, "store", ("data", "info", "{}")),
    (stores, "store", ("data", "info", "{}", "--json")),
    (stores, "store", ("data", "card", "{}")),
    (stores, "store", ("data", "check", "{}", "--sample", "0")),
    (stores, "store", ("data", "export", "{}", "--out", "exported")),
    (stores, "store", ("data", "compare", "{}", "{toy}")),
    (
        stores,
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
        stores,
        "store",
        ("tasks", "certify", "length", "--level", "1", "--molecules", "{}", "--allow-missing"),
    ),
    (stores, "store", ("tasks", "show", "length", "--molecules", "{}", "--json")),
    (predictions, "own predictions", ("score", "{}", *TOY)),
    (predictions, "own predictions", ("score", "{}", *TOY, "--json")),
    (predictions, "own predictions", ("score", "{}", "--allow-missing")),
    (predictions, "joined predictions", ("score", "{}", *TOY, "--task", "length")),
    (predictions, "joined predictions", ("predictions", "join", "{}", "--out", "joined")),
    (predictions, "submission", ("predictions", "check", "{}", "--json")),
    (predictions, "submission", ("run", "quick", "--predictions", "{}", "-j", "1")),
    (
        predictions,
        "xyz of others",
        ("predictions", "import", "{}", "--name", "x", *TOY, "--json"),
    ),
    (
        predictions,
        "hdf5 of others",
        ("predictions", "import", "{}", "--name", "x", *TOY),
    ),
    (
        predictions,
        "npz of others, flat",
        ("predictions", "import", "{}", "--name", "x", *TOY),
    ),
    (models, "composition", ("predict", "length", "{}", "--level", "1", *TOY)),
    (models, "additive", ("predict", "length", "{}", "--level", "1", *TOY, "--json")),
    (models, "additive", ("potentials", "terms", "{}")),
    (documents, "card", ("potentials", "show", "{}")),
    (documents, "card of a calculator", ("potentials", "show", "{}", "--json")),
    (documents, "study", ("run", "{}", "--cluster", "no-cluster.yaml")),
    (documents, "cluster", ("run", "quick", "--cluster", "{}", "-j", "1")),
    (documents, "recipe", ("data", "build", "{}", "--cluster", "no-cluster.yaml")),
    (
        data_of_others,
        "xyz",
        ("data", "import", "{}", "--reference", "r", "--name", "n", "--out", "n.h5"),
    ),
    (
        data_of_others,
        "npz",
        ("data", "import", "{}", "--reference", "r", "--name", "n", "--out", "n.h5", "--json"),
    ),
    (results, "report", ("report", "{}")),
    (results, "report", ("report", "{}", "--site", "site")),
    (results, "report", ("archive", "{}", "--out", "archive")),
    (results, "shard", ("merge", "{}", "-j", "1")),
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
    return [part.format(path, toy=predictions.originals().folder / "toy.h5") for part in arguments]


def named(rng, arena):
    name = one_of(rng, (*NAMES, "x" * 300, "x/" * 3000, "nul", "\udcff", "x.yaml", "*.yaml"))
    if rng.integers(3) == 0:
        name += one_of(rng, (".yaml", ".h5", ".xyz", ":fine-tuned"))
    return [part.format(name.replace("\0", "")) for part in one_of(rng, WITH_NAMES)]


READERS = {"command": Reader(command, run), "names": Reader(named, run)}
