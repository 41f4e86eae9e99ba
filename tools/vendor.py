"""Fetch the third-party scripts of the report's page from npm, as they were published.

    python tools/vendor.py

Reads names, versions and files from ``src/mlip_compose/report/vendor/vendor.json``, replaces the
files beside it and writes their checksums into it. To take another version, change it there first.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "mlip_compose" / "report" / "vendor"


def main() -> None:
    """Replace every file that ``vendor.json`` names, and the checksums in it."""
    index = FOLDER / "vendor.json"
    packages = json.loads(index.read_text())
    published = [fetch(f"{package['package']}@{package['version']}") for package in packages]
    for stale in FOLDER.iterdir():
        if stale != index:
            stale.unlink()
    for package, files in zip(packages, published, strict=True):
        for entry in package["files"]:
            content = files[f"package/{entry['source']}"]
            (FOLDER / entry["file"]).write_bytes(content)
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
