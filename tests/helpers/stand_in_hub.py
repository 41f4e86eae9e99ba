"""A stand-in for the Hugging Face hub: one data set, served over HTTP on loopback.

It speaks as much of the hub's protocol as a download needs: the commit of a revision, the listing
of files in pages, and files with ranges. It can cut the connection in the middle of a file, send
other bytes than it announced, ask for consent, or fail.
"""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "AmirMasoud/GMD"
PAGE = 3
LARGE = 2_000  # bytes from which a file has a sha256 in the listing, as large files have


class StandInHub:
    """The data set: ``commits`` maps shas to {path: content}, ``branches`` names to shas."""

    def __init__(self):
        self.commits, self.branches = {}, {}
        self.requests = []  # (method, path, Range header)
        self.cut = {}  # path: bytes after which the connection is cut, once
        self.corrupt = set()  # paths whose content is not what is announced
        self.refusal = None  # (status, X-Error-Code) of every answer
        self.handler = _handler(self)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def commit(self, files, branch="main"):
        """Publish {path: content} as the newest commit of a branch, and return its sha."""
        digest = hashlib.sha1()
        for path, content in sorted(files.items()):
            digest.update(path.encode() + hashlib.sha1(content).digest())
        sha = digest.hexdigest()
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha

    def downloads(self):
        """Return (path, Range header) of every request for a file's content."""
        return [
            (path.split("/", 6)[6], span)
            for method, path, span in self.requests
            if method == "GET" and "/resolve/" in path
        ]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def do_GET(self):
            url = urlsplit(self.path)
            path = unquote(url.path)
            hub.requests.append((self.command, path, self.headers.get("Range")))
            if hub.refusal is not None:
                self._refuse(*hub.refusal)
            elif path.startswith(f"/api/datasets/{REPOSITORY}/revision/"):
                self._information(path.split("/revision/")[1])
            elif path.startswith(f"/api/datasets/{REPOSITORY}/tree/"):
                self._listing(path.split("/tree/")[1], parse_qs(url.query))
            elif path.startswith(f"/datasets/{REPOSITORY}/resolve/"):
                self._content(*path.split("/resolve/")[1].split("/", 1))
            else:
                self._refuse(404, "RepoNotFound")

        do_HEAD = do_GET

        def _refuse(self, status, code=None):
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _json(self, document, link=None):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if link:
                self.send_header("Link", f'<{link}>; rel="next"')
            self.end_headers()
            self.wfile.write(body)

        def _files(self, revision):
            return hub.commits.get(hub.branches.get(revision, revision))

        def _information(self, revision):
            if self._files(revision) is None:
                return self._refuse(404, "RevisionNotFound")
            sha = hub.branches.get(revision, revision)
            siblings = [{"rfilename": path} for path in self._files(revision)]
            return self._json({"id": REPOSITORY, "sha": sha, "siblings": siblings})

        def _listing(self, revision, query):
            files = self._files(revision)
            if files is None:
                return self._refuse(404, "RevisionNotFound")
            folders = {path.rsplit("/", 1)[0] for path in files if "/" in path}
            rows = [{"type": "directory", "path": path, "oid": "0" * 40} for path in folders]
            for path, content in files.items():
                blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
                row = {"type": "file", "path": path, "size": len(content), "oid": blob}
                if len(content) >= LARGE:
                    row["oid"] = "f" * 40
                    oid = hashlib.sha256(content).hexdigest()
                    row["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
                rows.append(row)
            start = int(query.get("cursor", ["0"])[0])
            link = None
            if start + PAGE < len(rows):
                link = f"{hub.endpoint}{urlsplit(self.path).path}?cursor={start + PAGE}"
            return self._json(rows[start : start + PAGE], link)

        def _content(self, revision, path):
            files = self._files(revision)
            if files is None or path not in files:
                return self._refuse(404, "EntryNotFound")
            content = files[path]
            if path in hub.corrupt:
                content = content[:-1] + bytes([content[-1] ^ 0xFF])
            total, start = len(content), 0
            if span := self.headers.get("Range"):
                start = int(span.removeprefix("bytes=").split("-")[0])
            body = content[start:]
            self.send_response(206 if span else 200)
            if span:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", hub.branches.get(revision, revision))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.end_headers()
            if self.command == "HEAD":
                return None
            stop = hub.cut.pop(path, None)
            self.wfile.write(body if stop is None else body[:stop])
            self.close_connection = stop is not None
            return None

    return Handler
