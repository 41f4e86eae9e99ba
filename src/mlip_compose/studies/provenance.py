"""What made a result: versions, machine, command and time."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from mlip_compose.engine.choice import available_cores

PACKAGES: Final = (
    "mlip-compose",
    "numpy",
    "scipy",
    "ase",
    "rdkit",
    "tblite",
    "h5py",
    "torch",
    "graph-pes",
    "e3nn",
    "pytorch-lightning",
)


def provenance(command: str) -> dict[str, Any]:
    """Return versions, hardware, the command that makes this result anew, and the time (UTC)."""
    return {
        "command": command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
