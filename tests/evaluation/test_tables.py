"""Tables of pandas: what they refuse; tests/docs has what stands in them."""

import sys

import pytest

from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.evaluation.tables import to_table


def test_rows_of_another_kind_are_refused():
    with pytest.raises(RequestError, match="metrics or molecules; found 'frames'"):
        to_table([], "frames")  # type: ignore[arg-type]


def test_without_pandas_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"mlip-compose\[tables\]"):
        to_table([])
