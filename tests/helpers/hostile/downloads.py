"""Downloads: the manifest beside them, what a hub says, and archives."""

import importlib
import io
import json
import tarfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from hostile.corrupted_documents import mutate_document, mutate_json
from hostile.corrupted_text import NAMES, mutate_bytes, one_of
from hostile.reader import Reader
from mlip_compose.core.errors import UnwritableError
from mlip_compose.datasets.download.archives import unpack
from mlip_compose.datasets.download.hub import Hub
from mlip_compose.datasets.download.plan import Download

REPOSITORY = "AmirMasoud/GMD"
COMMIT = "a" * 40
LISTING: list[dict[str, Any]] = [
    {"type": "file", "path": "data/a.xyz", "size": 5, "oid": "0" * 40},
    {"type": "directory", "path": "data", "oid": "0" * 40},
    {
        "type": "file",
        "path": "data/b.npz",
        "size": 5,
        "oid": "f" * 40,
        "lfs": {"oid": "c" * 64, "size": 5, "pointerSize": 130},
    },
    {"type": "file", "path": "README.md", "size": 5, "oid": "0" * 40},
]
INFORMATION = {"id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": "README.md"}]}


class NoHub(Hub):
    """A hub that has what it is asked for, or nothing; files are 5 bytes."""

    def __init__(self):
        self.repository, self.endpoint = REPOSITORY, "https://example.org"

    def commit(self, revision):
        return COMMIT

    def files(self, commit):
        return ()

    def download(self, commit, file, target, progress):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"12345")
        except OSError as error:
            raise UnwritableError(target, error) from error
        return "c" * 64


def manifest(rng, arena):
    files = [
        {"path": row["path"], "size": 5, "git_sha1": row["oid"], "sha256": None}
        for row in LISTING
        if row["type"] == "file"
    ]
    document = {
        "format": "mlip-compose/download/1",
        "repository": REPOSITORY,
        "endpoint": "https://example.org",
        "commit": COMMIT,
        "files": files,
    }
    if rng.integers(2):
        one_of(rng, files)["path"] = one_of(rng, HOSTILE)
        content = json.dumps(document).encode()
    else:
        content = mutate_json(rng, json.dumps(document))
    folder = arena.out / "x.download"
    folder.mkdir()
    (folder / "manifest.json").write_bytes(content)
    return folder


HOSTILE = (
    *NAMES,
    "../../decoy.xyz",
    "/var/decoy.xyz",
    "data/../../../x.xyz",
    "..\\x.xyz",
    "a/" * 3000 + "x.xyz",
    ".xyz",
    "data",
    "manifest.json",
)


def take(folder):
    download = Download(folder, NoHub())
    plan = download.plan(everything=True)
    assert plan.missing >= 0
    download.fetch(plan, lambda path, size: None)


class Answers:
    """What ``huggingface_hub`` gets over HTTP: a document for each kind of question."""

    def __init__(self, information, listing, content, status):
        self.information, self.listing = information, listing
        self.content, self.status = content, status


def answers(rng, arena):
    information, listing = json.dumps(INFORMATION).encode(), json.dumps(LISTING).encode()
    kind = int(rng.integers(4))
    if kind == 0:
        information = mutate_json(rng, information.decode())
    elif kind == 1:
        listing = mutate_json(rng, listing.decode())
    elif kind == 2:
        rows = mutate_document(rng, LISTING, 1)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            rows[0]["path"] = one_of(rng, HOSTILE)
        listing = json.dumps(rows).encode()
    else:
        both = (b"<html>Sign in</html>", b"", b"\xff\xfe", b"null", b"[]", b"{}", b"[" * 100_000)
        information, listing = one_of(rng, (information, *both)), one_of(rng, both)
    status = 200 if rng.integers(5) else int(one_of(rng, (204, 301, 401, 404, 418, 500, 503)))
    return Answers(information, listing, b"12345", status)


def ask(answers):
    """Ask a hub that answers so, without a network: its client is given a transport of ours."""
    httpx, set_client_factory = http_client()

    def handle(request):
        path = request.url.path
        if "/tree/" in path:
            return httpx.Response(answers.status, content=answers.listing)
        if "/resolve/" in path:
            return httpx.Response(200, content=answers.content)
        return httpx.Response(answers.status, content=answers.information)

    set_client_factory(lambda: httpx.Client(transport=httpx.MockTransport(handle)))
    download = Download(Path("x.download"), Hub(REPOSITORY, "https://example.org"))
    plan = download.plan(everything=True)
    download.fetch(plan, lambda path, size: None)


@cache
def http_client():
    """Import the hub's library, which looks for libraries and writes to its cache at first."""
    from huggingface_hub import errors, set_client_factory, utils

    utils.build_hf_headers()
    http = importlib.import_module(errors.HTTPError.__module__.partition(".")[0])
    return http, set_client_factory


def answers_of_a_hub(rng, arena):
    http_client()  # before the case is watched
    return answers(rng, arena)


def archive(rng, arena):
    kind = one_of(rng, (".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"))
    path = arena.out / f"x{kind}"
    names = [one_of(rng, (*HOSTILE, "a.xyz", "b/c.xyz"))[:4000] for _ in range(3)]
    names = [name.replace("\0", "") or "x" for name in names]
    target = io.BytesIO()
    if kind == ".zip":
        write_zip(rng, target, names)
    else:
        write_tar(rng, target, names, kind[5:])
    data = target.getvalue()
    if rng.integers(2):
        data = mutate_bytes(rng, data)
    path.write_bytes(data)
    return path


def write_zip(rng, target, names):
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        warnings.simplefilter("ignore")
        for name in names:
            entry = zipfile.ZipInfo(name)
            if rng.integers(3) == 0:
                entry.external_attr = 0o120777 << 16  # a symbolic link
            packed.writestr(entry, one_of(rng, (b"../../decoy", b"12345", bytes(10**6))))


TYPES = (
    *(tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE),
    *(tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE),
)


def write_tar(rng, target, names, compression):
    mode: Any = f"w:{compression}"
    with tarfile.open(fileobj=target, mode=mode) as packed:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type = one_of(rng, TYPES)
            entry.linkname = one_of(rng, ("../../outside/decoy", "/etc/passwd", "a.xyz", "."))
            entry.mode = one_of(rng, (0o644, 0o4777, 0o000))
            if entry.isreg():
                entry.size = 5
                packed.addfile(entry, io.BytesIO(b"12345"))
            else:
                packed.addfile(entry)


def unpack_it(path):
    reason = unpack(path)
    folder = path.with_name(f"{path.name}.unpacked")
    assert (reason is None) == folder.is_dir()
    if reason is None:
        for member in folder.rglob("*"):
            assert member.resolve().is_relative_to(folder.resolve())
    assert {file.name for file in path.parent.iterdir()} <= {path.name, folder.name}


READERS = {
    "manifest": Reader(manifest, take),
    "hub": Reader(answers_of_a_hub, ask),
    "archive": Reader(archive, unpack_it),
}
