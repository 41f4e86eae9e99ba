"""JSON and YAML that are too much for a document; tests/fuzz has what is generated."""

import pytest

from mlip_compose.core.documents import parse_json
from mlip_compose.core.plain_yaml import parse_yaml


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_what_is_nested_too_deeply_is_a_wrong_value(parse):
    with pytest.raises(ValueError, match=r"nested too deeply|more than 40 levels"):
        parse("[" * 10_000 + "]" * 10_000)
