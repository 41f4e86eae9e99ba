"""Frames that are tried first: alike is what differs in numbers and paths alone."""

import pytest

from mlip_compose.core.errors import FailedThroughoutError
from mlip_compose.core.probing import common_reason, failed_throughout


@pytest.mark.parametrize(
    ("reasons", "common"),
    [
        ([], ""),
        (["", "never asked"], ""),
        (["ValueError: no", ""], ""),
        (["ValueError: no"], "ValueError: no"),
        (["E: 5 atoms in /tmp/a", "E: 12 atoms in /tmp/b"], "E: 5 atoms in /tmp/a"),
        (["scf: no convergence", "ValueError: no cell"], ""),
    ],
)
def test_the_reason_is_that_of_all_or_none(reasons, common):
    assert common_reason(reasons) == common


def test_nothing_is_tried_after_a_frame_that_does_not_fail():
    asked = []

    def reasons():
        for reason in ("no", "", "no"):
            asked.append(reason)
            yield reason

    assert not common_reason(reasons())
    assert asked == ["no", ""]


def test_of_forces_that_are_not_there_it_is_said_what_to_do():
    error = failed_throughout("emt", "PropertyNotImplementedError: forces")
    assert isinstance(error, FailedThroughoutError)
    assert "--set numerical_forces=true" in error.hint
    assert not failed_throughout("emt", "ValueError: a cell").hint
