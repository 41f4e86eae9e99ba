"""Fetch third-party scripts from npm, as they were published: those of the page and of its tests.

    python tools/vendor.py

Reads names, versions and files from ``vendor.json`` in ``src/mlip_compose/report/vendor`` and in
``tests/browser/vendor`` (which is in no wheel), replaces the files beside it and writes their
checksums into it. To take another version, change it there first.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    ROOT / "src" / "mlip_compose" / "report" / "vendor",
    ROOT / "tests" / "browser" / "vendor",
)


def main() -> None:
    """Replace the files of both folders."""
    for folder in FOLDERS:
        replace(folder)


def replace(folder: Path) -> None:
    """Replace every file that a folder's ``vendor.json`` names, and the checksums in it."""
    index = folder / "vendor.json"
    packages = json.loads(index.read_text())
    published = [fetch(f"{package['package']}@{package['version']}") for package in packages]
    for stale in folder.iterdir():
        if stale != index:
            stale.unlink()
    for package, files in zip(packages, published, strict=True):
        for entry in package["files"]:
            content = files[f"package/{entry['source']}"]
            (folder / entry["file"]).write_bytes(content)
            entry["sha256"] = hashlib.sha256(content).hexdigest()
            print(f"{entry['sha256']}  {entry['file']}  {len(content):,} bytes")
    index.write_text(json.dumps(packages, indent=2) + "\n")


def fetch(name: str) -> dict[str, bytes]:
    """Return the files of a published package by their path in it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, name]
        subprocess.run(command, check=True, cwd=folder)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as members:
            return {m.name: members.extractfile(m).read() for m in members if m.isfile()}


if __name__ == "__main__":
    main()
