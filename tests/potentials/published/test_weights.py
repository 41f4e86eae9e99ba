"""Weights: where they are looked for, what is downloaded and checked, and what is said if not."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlip_compose.core.errors import ChecksumError, RequestError
from mlip_compose.core.host import user_cache
from mlip_compose.potentials.published.card import Weights
from mlip_compose.potentials.published.weights import find_weights
from mlip_compose.potentials.registry import find_card

CONTENT = b"weights" * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class StandIn:
    """A server of one file; ``announced`` is the length that it promises, ``status`` its answer."""

    def __init__(self):
        self.asked, self.announced, self.status = [], len(CONTENT), 200
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                self.send_response(server.status)
                self.send_header("Content-Length", str(server.announced))
                self.end_headers()
                if server.status == 200:
                    self.wfile.write(CONTENT)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/mine.pt"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server():
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def card(tmp_path, monkeypatch):
    """Return a function that makes a card whose weights come from an address."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MINE_DATA_DIR", raising=False)

    def make(url=None, sha256=None, file="mine.pt"):
        weights = Weights(
            file=file, url=url, sha256=sha256, variable="MINE_DATA_DIR", cache="~/own", folder="w"
        )
        return find_card("ani-2x").model_copy(update={"name": "mine", "weights": weights})

    return make


def place(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_given_path_comes_first(card, tmp_path):
    place(tmp_path / "home" / "own" / "w" / "mine.pt", b"other")
    given = place(tmp_path / "given.pt")
    assert find_weights(card(), str(given)) == given


def test_a_given_path_that_is_not_there_is_named(card, tmp_path):
    with pytest.raises(
        RequestError, match=r"gone\.pt, the value of the setting weights.*no such file"
    ):
        find_weights(card(), str(tmp_path / "gone.pt"))


def test_the_cache_of_the_library_comes_next_and_its_variable_before_its_default(
    card, tmp_path, monkeypatch
):
    default = place(tmp_path / "home" / "own" / "w" / "mine.pt")
    assert find_weights(card()) == default
    named = place(tmp_path / "named" / "w" / "mine.pt")
    monkeypatch.setenv("MINE_DATA_DIR", str(tmp_path / "named"))
    assert find_weights(card()) == named


def test_a_library_that_gets_its_own_weights_is_left_alone(card):
    assert find_weights(card(file=None, url="http://127.0.0.1:9/none")) is None


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_what_is_nowhere_is_downloaded_once(card, server, sha256):
    told = []
    wanted = card(server.url, sha256)
    path = find_weights(wanted, progress=lambda fraction, message: told.append(fraction))
    assert path == user_cache() / "weights" / "mine" / "mine.pt"
    assert path.read_bytes() == CONTENT
    assert told[-1] == 1.0
    assert find_weights(wanted) == path
    assert server.asked == ["/mine.pt"]


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("announced", len(CONTENT) + 7, "bytes, then the connection ended"),
        ("status", 404, "HTTP Error 404"),
        ("status", 503, "HTTP Error 503"),
    ],
)
def test_a_download_that_fails_says_what_to_do_and_leaves_nothing(
    card, server, tmp_path, attribute, value, told
):
    setattr(server, attribute, value)
    with pytest.raises(RequestError) as error:
        find_weights(card(server.url))
    message = str(error.value)
    assert told in message
    assert f"Get the file from {server.url} and put it at {tmp_path}/home/own/w/mine.pt" in message
    assert "--set weights=PATH" in message
    assert not [path for path in user_cache().rglob("*") if path.is_file()]


def test_another_file_than_the_published_one_is_not_kept(card, server):
    with pytest.raises(RequestError, match="another file, of sha256"):
        find_weights(card(server.url, "0" * 64))
    assert not [path for path in user_cache().rglob("*") if path.is_file()]


def test_no_server_and_no_address_give_the_same_one_message(card):
    for url in ("http://127.0.0.1:9/mine.pt", None):
        with pytest.raises(RequestError) as error:
            find_weights(card(url))
        assert "expected the weights of mine, mine.pt, in " in str(error.value)
        assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written_is_part_of_the_message(card, server, tmp_path):
    place(tmp_path / "cache" / "mlip-compose", b"a file where a directory should be")
    with pytest.raises(RequestError, match=r"cannot be written.*--set weights=PATH"):
        find_weights(card(server.url))


@pytest.mark.parametrize("given", [False, True])
def test_damaged_or_other_weights_are_refused_wherever_they_lie(card, tmp_path, given):
    path = place(tmp_path / "home" / "own" / "w" / "mine.pt", CONTENT[:-1])
    with pytest.raises(ChecksumError, match="damaged or has other weights"):
        find_weights(card(sha256=SHA256), str(path) if given else None)
