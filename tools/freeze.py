"""Freeze a store: copy it into the package, and write its entry in the manifest.

    python tools/freeze.py STORE "summary in a line"
    mlip-compose data card NAME -o docs/data/NAME.md

The name is the store's own. What was frozen under it before is replaced, so this is done once for a
name: changed data get a new name (core-v2), since published numbers refer to the old.
"""

import argparse
import json
import shutil
from pathlib import Path

from mlip_compose.store.catalogue import describe
from mlip_compose.store.reader import Store

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "mlip_compose" / "data"


def main() -> None:
    """Freeze what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("summary")
    given = parser.parse_args()
    name = Store(given.store).name
    frozen = DATA / f"{name}.h5"
    if given.store.resolve() != frozen:
        shutil.copyfile(given.store, frozen)
    manifest = DATA / "manifest.json"
    document = json.loads(manifest.read_text()) if manifest.exists() else {}
    document[name] = describe(frozen, given.summary).model_dump(mode="json")
    manifest.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    print(f"{frozen.relative_to(ROOT)}: {document[name]['sha256']}")


if __name__ == "__main__":
    main()
