"""Consent to code is remembered by content, on the machine or in one process."""

import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.potentials.trust import remember, require_remembered

DIGEST, OTHER = "0" * 64, "1" * 64


def require(digest):
    require_remembered(digest, "what you agreed to", "something else", "If you trust it")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mlip-compose" / "trusted"


def test_consent_is_a_file_that_a_person_can_make_and_take_back(cache):
    with pytest.raises(
        RequestError, match=f"If you trust it, make the empty file {cache / DIGEST}"
    ):
        require(DIGEST)
    remember(DIGEST, "springs")
    require(DIGEST)
    with pytest.raises(RequestError, match="something else"):
        require(OTHER)
    (cache / DIGEST).unlink()
    with pytest.raises(RequestError, match="something else"):
        require(DIGEST)
    (cache / DIGEST).touch()
    require(DIGEST)


def test_a_process_remembers_where_the_cache_cannot_be_written(cache):
    cache.parent.write_text("a file where the folder would be")
    remember(OTHER, "springs")
    require(OTHER)
    assert cache.parent.is_file()
