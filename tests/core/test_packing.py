"""Bytes as text: the same back, and no more of them than is allowed."""

import pytest

from mlip_compose.core.packing import pack, unpack

CONTENT = bytes(range(256)) * 40


def test_bytes_come_back():
    assert unpack(pack(CONTENT)) == CONTENT
    assert unpack(pack(CONTENT), len(CONTENT)) == CONTENT
    assert unpack(pack(b""), 0) == b""
    assert len(pack(CONTENT)) < len(CONTENT)


def test_text_of_more_bytes_than_allowed_is_refused():
    with pytest.raises(ValueError, match="more than 10239 bytes"):
        unpack(pack(CONTENT), len(CONTENT) - 1)


@pytest.mark.parametrize("text", ["", "?", pack(CONTENT)[:-8], pack(CONTENT)[4:], "AAAA"])
def test_damaged_text_is_refused(text):
    with pytest.raises(ValueError, match="damaged values"):
        unpack(text)
