import math

import pytest
from whole_page import whole

from mlip_compose.report.page import pack, put_off, unpack


def test_a_document_is_unpacked_as_it_was():
    document = {"a": [1, 2.5, None], "ü": "</script>"}
    assert unpack(pack(document)) == document
    assert "<" not in pack(document)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"a": math.nan})


def test_what_is_hidden_waits_and_what_is_seen_stays():
    html = (
        '<div a="1"><!--later--><p>one</p><!--/later--></div>'
        '<div a="2" hidden><!--later--><p>two</p>\n<!--/later--></div><div hidden>three</div>'
    )
    page, parts = put_off(html)
    assert parts == ["<p>two</p>\n"]
    assert page == (
        '<div a="1"><p>one</p></div><div a="2" data-later="0" hidden></div><div hidden>three</div>'
    )
    island = f'<script class="report-data">{pack({"later": parts})}</script>'
    assert whole(page + island).startswith(
        '<div a="1"><p>one</p></div><div a="2" hidden><p>two</p>\n</div>'
    )
