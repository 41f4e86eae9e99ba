import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from typing import NamedTuple

import pytest
from small_disk import small_files
from stand_in_hub import REPOSITORY

from mlip_compose.core.errors import ChecksumError, MissingExtraError, RequestError, SchemaError
from mlip_compose.datasets.download.archives import unpack, unpacked_path
from mlip_compose.datasets.download.hub import Hub, HubFile
from mlip_compose.datasets.download.plan import Download, reason_to_skip
from mlip_compose.store.catalogue import PUBLISHED, get_published

FILES = {
    "README.md": b"# frames\n",
    ".gitattributes": b"*.npz filter=lfs\n",
    "data/small.xyz": b"2\n\nH 0 0 0\nH 0 0 1\n",
    "data/large.npz": bytes(range(256)) * 4_000,
    "models/mace.pt": b"weights" * 1_000,
    "models/train.npz": b"optimiser" * 1_000,
    "figure.png": b"a picture",
}
WANTED = ("README.md", "data/large.npz", "data/small.xyz")


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` gives, bytes."""

    total: int
    used: int
    free: int


def quiet(path, size):
    pass


@pytest.fixture
def published(stand_in_hub):
    stand_in_hub.sha = stand_in_hub.commit(FILES)
    return stand_in_hub


@pytest.fixture
def download(published, tmp_path):
    """Return a function that opens the download of the published files."""

    def make(revision=None, directory=None):
        hub = Hub(REPOSITORY, published.endpoint)
        return Download(directory or tmp_path / "download", hub, revision)

    return make


def test_data_files_are_fetched_and_the_rest_is_named(download, published):
    fetch = download()
    plan = fetch.plan()
    assert plan.commit == published.sha
    assert tuple(file.path for file in plan.wanted) == WANTED
    assert plan.total == plan.missing == sum(len(FILES[path]) for path in WANTED)
    assert {file.path: file.size for file, _ in plan.skipped} == {
        path: len(content) for path, content in FILES.items() if path not in WANTED
    }
    seen = []
    fetch.fetch(plan, lambda path, size: seen.append((path, size)))
    for path in WANTED:
        assert (fetch.files / path).read_bytes() == FILES[path]
        assert (path, len(FILES[path])) in seen
    assert not (fetch.files / "models").exists()
    manifest = json.loads((fetch.directory / "manifest.json").read_text())
    assert (manifest["repository"], manifest["commit"]) == (REPOSITORY, published.sha)
    sums = {entry["path"]: entry["downloaded_sha256"] for entry in manifest["files"]}
    for path, content in FILES.items():
        expected = hashlib.sha256(content).hexdigest() if path in WANTED else None
        assert sums[path] == expected


def test_everything_is_fetched_when_asked_for(download):
    fetch = download()
    plan = fetch.plan(everything=True)
    assert plan.skipped == ()
    fetch.fetch(plan, quiet)
    for path, content in FILES.items():
        assert (fetch.files / path).read_bytes() == content


def test_the_first_commit_is_kept_when_main_moves(download, published):
    first = download()
    first.fetch(first.plan(), quiet)
    published.commit({"README.md": b"another"})
    published.requests.clear()
    second = download()
    plan = second.plan()
    assert (plan.commit, plan.missing) == (published.sha, 0)
    second.fetch(plan, quiet)
    assert published.requests == []
    with pytest.raises(RequestError, match=f"found commit {published.sha}"):
        download("main")
    published.branches["main"] = published.sha
    assert download("main").manifest.commit == published.sha
    assert download(published.sha).manifest.commit == published.sha


def test_a_named_revision_is_fetched(download, published, tmp_path):
    old = published.commit({"old.xyz": b"0\n"}, branch="v1")
    for revision in ("v1", old):
        plan = download(revision, tmp_path / revision).plan()
        assert (plan.commit, [file.path for file in plan.wanted]) == (old, ["old.xyz"])


@pytest.mark.parametrize("after", [0, 1, 400_000, len(FILES["data/large.npz"]) - 1])
def test_a_cut_connection_is_taken_up_again(download, published, after, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    published.cut["data/large.npz"] = after
    fetch = download()
    fetch.fetch(fetch.plan(), quiet)
    assert (fetch.files / "data/large.npz").read_bytes() == FILES["data/large.npz"]
    spans = [span for path, span in published.downloads() if path == "data/large.npz"]
    assert len(spans) == 2


KILLED = """
import sys
from pathlib import Path
from mlip_compose.datasets.download.plan import Download
from mlip_compose.datasets.download.hub import Hub

def listener(path, size):
    if path == "data/large.npz":
        print(size, flush=True)
        sys.stdin.readline()  # killed here

fetch = Download(Path(sys.argv[2]), Hub("AmirMasoud/GMD", sys.argv[1]))
fetch.fetch(fetch.plan(), listener)
"""


def test_a_killed_fetch_goes_on_where_it_was(download, published, tmp_path):
    content = bytes(range(256)) * 60_000  # 15 MB; a download is written in pieces of 10 MB
    published.commit(FILES | {"data/large.npz": content})
    command = [sys.executable, "-c", KILLED, published.endpoint, str(tmp_path / "download")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        there = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    assert 0 < there < len(content)
    published.requests.clear()
    fetch = download()
    plan = fetch.plan()
    assert 0 < plan.missing < plan.total
    fetch.fetch(plan, quiet)
    assert (fetch.files / "data/large.npz").read_bytes() == content
    (span,) = [span for path, span in published.downloads() if path == "data/large.npz"]
    start = int(span.removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= there


@pytest.mark.parametrize("path", ["data/small.xyz", "data/large.npz"])
def test_other_bytes_than_announced_are_refused_and_removed(download, published, path):
    published.corrupt.add(path)
    fetch = download()
    with pytest.raises(ChecksumError, match=path):
        fetch.fetch(fetch.plan(), quiet)
    assert not (fetch.files / path).exists()
    published.corrupt.clear()
    again = download()
    again.fetch(again.plan(), quiet)
    assert (again.files / path).read_bytes() == FILES[path]


def test_a_file_altered_after_the_download_is_refused(download):
    fetch = download()
    fetch.fetch(fetch.plan(), quiet)
    (fetch.files / "data/small.xyz").write_bytes(FILES["data/small.xyz"][::-1])
    with pytest.raises(ChecksumError, match=r"small\.xyz"):
        download().fetch(fetch.plan(), quiet)


def test_a_download_beyond_the_disk_is_refused_with_numbers(download, published, monkeypatch):
    usage = Usage(10**9, 10**9 - 1_000, 1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    fetch = download()
    with pytest.raises(RequestError, match=r"0\.001 GB free .* found 0\.000 GB"):
        fetch.fetch(fetch.plan(), quiet)
    assert published.downloads() == []


def test_a_disk_that_fills_up_is_said_and_the_download_goes_on_later(download):
    fetch = download()
    with small_files(16 * 1024), pytest.raises(RequestError, match="room and permission to write"):
        fetch.fetch(fetch.plan(), quiet)
    again = download()
    again.fetch(again.plan(), quiet)
    assert (again.files / "data/large.npz").read_bytes() == FILES["data/large.npz"]


def test_a_place_that_is_no_directory_is_refused(download, tmp_path):
    (tmp_path / "download").write_text("a file")
    fetch = download()
    with pytest.raises(RequestError, match="permission to write"):
        fetch.fetch(fetch.plan(), quiet)


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ((404, "RepoNotFound"), "none, or one that needs a login"),
        ((401, None), "none, or one that needs a login"),
        ((403, "GatedRepo"), r"asks for consent first.*Accept its terms"),
        ((404, "RevisionNotFound"), "no revision 'main'"),
        ((500, None), "status 500"),
    ],
)
def test_a_hub_that_refuses_is_explained(download, published, refusal, message, tmp_path):
    published.refusal = refusal
    with pytest.raises(RequestError, match=message):
        download()
    assert list(tmp_path.iterdir()) == []


def test_offline_mode_is_explained(download, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RequestError, match=r"found offline mode. Unset .* HF_HUB_OFFLINE"):
        download()


def test_a_file_that_ends_early_is_explained(download, monkeypatch):
    fetch = download()

    def short(*_, **__):
        raise OSError("Consistency check failed: file should be of size 9")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", short)
    with pytest.raises(RequestError, match=r"whole files from http://127.*Consistency check"):
        fetch.fetch(fetch.plan(), quiet)


def test_what_lies_in_the_place_of_a_part_is_used_no_further_than_it_can_be(
    download, published, tmp_path, monkeypatch
):
    """A link, more bytes than the file has, the whole file; and a server that knows no ranges."""
    content = bytes(range(256)) * 4_000
    published.commit(
        {"linked.xyz": b"new", "longer.xyz": b"new", "whole.xyz": b"new", "part.npz": content}
    )
    folder = tmp_path / "download" / "files"
    folder.mkdir(parents=True)
    (tmp_path / "precious").write_bytes(b"precious")
    (folder / "linked.xyz.partial").symlink_to(tmp_path / "precious")
    (folder / "longer.xyz.partial").write_bytes(b"longer")
    (folder / "whole.xyz.partial").write_bytes(b"new")
    (folder / "part.npz.partial").write_bytes(content[:1000])
    honest = published.handler._content

    def without_ranges(self, *where):
        del self.headers["Range"]
        honest(self, *where)

    monkeypatch.setattr(published.handler, "_content", without_ranges)
    fetch = download()
    fetch.fetch(fetch.plan(), quiet)
    for name in ("linked.xyz", "longer.xyz", "whole.xyz"):
        assert (folder / name).read_bytes() == b"new"
    assert (folder / "part.npz").read_bytes() == content
    assert (tmp_path / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": 3}, "int as the path of a file"),
        ({"size": -1}, "a.xyz with size -1 and checksums that are none"),
        ({"oid": 7}, "a.xyz with size 5 and checksums"),
    ],
)
def test_a_listing_that_is_none_is_explained(published, tmp_path, monkeypatch, change, message):
    row = {"type": "file", "path": "a.xyz", "size": 5, "oid": "f" * 40} | change
    monkeypatch.setattr(published.handler, "_listing", lambda self, *_: self._json([row]))
    with pytest.raises(RequestError, match=message):
        Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))


def test_a_commit_that_is_none_is_explained(published, tmp_path, monkeypatch):
    answer = {"id": REPOSITORY, "sha": "newest"}
    monkeypatch.setattr(published.handler, "_information", lambda self, _: self._json(answer))
    with pytest.raises(RequestError, match=f"the commit of {REPOSITORY} from .*; found newest"):
        Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))


def test_a_hub_that_is_not_there_is_explained(published, tmp_path):
    published.close()
    with pytest.raises(RequestError, match="an answer of http://127"):
        Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))


def test_an_unknown_revision_is_explained(download):
    with pytest.raises(RequestError, match="no revision 'v9'"):
        download("v9")


def test_an_endpoint_is_a_url():
    with pytest.raises(RequestError, match="endpoint"):
        Hub(REPOSITORY, "hub.example")


def test_without_the_extra_the_way_to_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"mlip-compose\[hub\]"):
        Hub(REPOSITORY)


def test_a_stored_token_is_not_sent_to_a_given_endpoint(published, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_not_a_token")
    seen = []
    handler = published._server.RequestHandlerClass
    honest = handler.do_GET

    def spy(self):
        seen.append(self.headers.get("Authorization"))
        honest(self)

    monkeypatch.setattr(handler, "do_GET", spy)
    fetch = Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))
    fetch.fetch(fetch.plan(), quiet)
    assert seen
    assert set(seen) == {None}


def test_a_path_that_leads_out_is_refused(published, tmp_path):
    published.commit({"../evil.xyz": b"0\n"})
    with pytest.raises(RequestError, match="evil"):
        Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))


def test_another_download_in_the_place_is_refused(download, published, tmp_path):
    fetch = download()
    fetch.fetch(fetch.plan(), quiet)
    with pytest.raises(RequestError, match="found AmirMasoud/GMD"):
        Download(fetch.directory, Hub("others/data", published.endpoint))
    (fetch.directory / "manifest.json").write_text("{}")
    with pytest.raises(SchemaError, match="manifest"):
        download()


@pytest.mark.parametrize(
    ("path", "size", "left"),
    [
        ("OH-1-H/primary.xyz", 10**9, False),
        ("all.tar.gz", 10**9, False),
        ("LICENSE", 1_000, False),
        ("frames.CSV", 10**7, True),
        ("checkpoints/run.zip", 10, True),
        ("mace.ckpt", 10, True),
        (".gitattributes", 10, True),
    ],
)
def test_what_is_left_and_what_is_not(path, size, left):
    assert (reason_to_skip(HubFile(path, size, "", None)) is not None) is left


def test_gmd_26_is_published():
    assert get_published("gmd-26").repository == REPOSITORY
    with pytest.raises(RequestError, match="Did you mean 'gmd-26'"):
        get_published("gmd26")
    assert set(PUBLISHED) == {"gmd-26"}


def packed(path, members):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            folder = tarfile.TarInfo("a")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
def test_archives_are_unpacked_beside_themselves(tmp_path, name):
    archive = packed(tmp_path / name, {"a/b.xyz": b"frames", "c.npz": b"arrays"})
    assert unpack(archive) is None
    assert (unpacked_path(archive) / "a/b.xyz").read_bytes() == b"frames"
    assert (unpacked_path(archive) / "c.npz").read_bytes() == b"arrays"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"{name}.unpacked"]
    assert unpack(archive) is None


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
@pytest.mark.parametrize("member", ["../evil.xyz", "/evil.xyz", "a/../../evil.xyz"])
def test_archives_that_lead_out_are_left(tmp_path, name, member):
    inside = tmp_path / "inside"
    inside.mkdir()
    archive = packed(inside / name, {"good.xyz": b"frames", member: b"evil"})
    assert "leads out" in unpack(archive)
    assert [path.name for path in inside.iterdir()] == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_links_out_of_an_archive_are_left(tmp_path):
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as packed_tar:
        info = tarfile.TarInfo("out")
        info.type, info.linkname = tarfile.SYMTYPE, "../../etc"
        packed_tar.addfile(info)
    assert "cannot be unpacked" in unpack(archive)
    assert [path.name for path in tmp_path.iterdir()] == ["links.tar"]


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_damaged_archives_are_left(tmp_path, name, share):
    archive = packed(tmp_path / name, {f"{i}.xyz": bytes(range(256)) * i for i in range(40)})
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    assert "cannot be unpacked" in unpack(archive)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_archives_beyond_the_disk_are_left(tmp_path, monkeypatch):
    archive = packed(tmp_path / "all.zip", {"a.xyz": b"0" * 1_000})
    usage = Usage(10**9, 10**9, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "GB free" in unpack(archive)


@pytest.mark.parametrize(
    "path", ["../../x.xyz", "/x.xyz", "a/../x.xyz", "a\\x.xyz", "a\0.xyz", "x" * 300, "", "a//b"]
)
def test_a_manifest_that_leads_out_is_refused(download, tmp_path, path):
    fetch = download()
    fetch.fetch(fetch.plan(), quiet)
    manifest = tmp_path / "download" / "manifest.json"
    document = json.loads(manifest.read_text())
    document["files"][0]["path"] = path
    manifest.write_text(json.dumps(document))
    with pytest.raises(SchemaError, match="path"):
        download()


def test_a_link_in_the_place_of_a_folder_is_not_followed(download, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "download" / "files").mkdir(parents=True)
    (tmp_path / "download" / "files" / "data").symlink_to(tmp_path / "elsewhere")
    fetch = download()
    with pytest.raises(RequestError, match="a link to another place"):
        fetch.fetch(fetch.plan(), quiet)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("answer", [None, [], {"sha": 7}, "Sign in", {"siblings": [1]}])
def test_an_answer_that_is_none_of_a_hub_is_explained(published, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(
        published.handler, "_information", lambda self, revision: self._json(answer)
    )
    with pytest.raises(RequestError, match=r"not of a hub|the commit of"):
        Download(tmp_path / "download", Hub(REPOSITORY, published.endpoint))


def test_a_damaged_name_in_an_archive_is_said(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("é.xyz", b"1")
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    assert "decode" in unpack(path)
