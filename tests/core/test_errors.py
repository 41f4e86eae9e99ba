import pickle
from pathlib import Path

import pytest

from mlip_compose.core import errors
from mlip_compose.core.errors import (
    DamagedError,
    MissingExtraError,
    RequestError,
    UnknownNameError,
    UnwritableError,
    excerpt,
)

EXAMPLES = [
    RequestError("a", "b"),
    RequestError("a", "b", "Do c."),
    UnknownNameError("task", "lenght", ["length", "crossing"]),
    MissingExtraError("training", "torch", "train"),
    UnwritableError(Path("here.h5"), OSError(28, "No space left on device")),
    DamagedError(Path("here.h5"), "no end"),
    *(
        kind("x", "y", "z")
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, RequestError)
        and kind not in (UnknownNameError, MissingExtraError, UnwritableError, DamagedError)
    ),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_the_way_back_from_a_worker(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_a_message_says_what_was_expected_found_and_what_to_do():
    assert str(RequestError("1", "2", "Do 3.")) == "expected 1; found 2. Do 3."
    assert str(RequestError("1", "2")) == "expected 1; found 2"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("lenght", "length"), ("Length", "length"), ("crosing", "crossing"), ("zzz", None)],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest):
    message = str(UnknownNameError("task", name, ["length", "crossing"]))
    assert "a task (one of length, crossing)" in message
    assert (f"Did you mean {nearest!r}?" in message) == (nearest is not None)
    assert nearest or "mean" not in message


def test_a_missing_extra_says_how_to_install_it():
    assert "pip install 'mlip-compose[train]'" in str(MissingExtraError("x", "torch", "train"))


def test_a_message_is_one_line_of_a_bounded_length_without_control_characters():
    error = RequestError("a name", "\x1b]0;title\x07 \ud800\nTraceback " + "x" * 10**6)
    assert str(error).isprintable()
    assert str(error).startswith(r"expected a name; found \x1b]0;title\x07 \ud800 Traceback xxx")
    assert len(str(error)) < 5_000
    assert len(str(UnknownNameError("task", "x" * 10**6, ["length"]))) < 500


def test_an_excerpt_shows_the_beginning_of_any_value():
    assert excerpt("x" * 81) == "x" * 77 + "..."
    assert excerpt([1]) == "[1]"
    assert excerpt(10**5000) == "int that cannot be shown"
