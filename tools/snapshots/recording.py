"""A recording: every call of the table, with what it printed and the files that it left."""

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from snapshots.calls import calls
from snapshots.content import recorded
from snapshots.masks import is_recorded, masked
from snapshots.steps import STEPS

INPUTS = Path(__file__).parent / "inputs"
FOLDERS = ("results", "submissions", "site")
"""What a recording needs of a tree besides its source."""
LONGEST_NAME = 120
TIMEOUT = 900  # s, of one call


def record(source: Path, out: Path, tables: Sequence[Path]) -> None:
    """Record the sections of a tree.

    Parameters
    ----------
    source
        The directory that has the package, ``src`` of a tree. The tree is copied before it is used,
        so that it may change meanwhile; the copy's path has the same length each time, since the
        width of tables follows from it.
    out
        The recording; what it has of these sections is replaced.
    tables
        Files with the calls of a section each.
    """
    with tempfile.TemporaryDirectory(prefix="snapshot-") as temporary:
        root = Path(temporary)
        _copy_tree(source.resolve(), root / "tree")
        _check_imported(root / "tree")
        for table in tables:
            began = _cpu_seconds()
            unfinished = out / f".{table.stem}"
            for old in (unfinished, out / table.stem):
                shutil.rmtree(old, ignore_errors=True)
            number = _record_section(root / table.stem, table, unfinished)
            unfinished.rename(out / table.stem)
            seconds = _cpu_seconds() - began
            print(f"{table.stem}: {number} calls, {seconds:.0f} s of CPU time", file=sys.stderr)


def _copy_tree(source: Path, tree: Path) -> None:
    if not (source / "mlip_compose" / "__main__.py").is_file():
        raise SystemExit(f"expected a directory with mlip_compose; found {source} without it")
    shutil.copytree(source, tree / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in FOLDERS:
        if (source.parent / name).is_dir():
            shutil.copytree(source.parent / name, tree / name)


def _check_imported(work: Path) -> None:
    """Refuse an environment whose own package is imported in place of the copy."""
    found = _python(("-c", "import mlip_compose; print(mlip_compose.__file__)"), work)
    if not found.stdout.startswith(str(work.parent)):
        raise SystemExit(f"expected the copy in {work.parent} to be imported; found {found.stdout}")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _record_section(work: Path, table: Path, out: Path) -> int:
    """Record a section, and return its number of calls."""
    shutil.copytree(INPUTS, work / "inputs")
    (out / "calls").mkdir(parents=True)
    statuses: list[str] = []
    names: set[str] = set()
    for line in calls(table, _listed(work)):
        name, *arguments = _arguments(line, work)
        if name in STEPS:
            STEPS[name](work, *(work / argument for argument in arguments))
            continue
        done = _call((name, *arguments), work)
        statuses.append(f"{done.returncode} {line}\n")
        kind = "json" if "--json" in arguments else "txt"
        call = _free_name(line, names)
        for stream, text in ((f"stdout.{kind}", done.stdout), ("stderr.txt", done.stderr)):
            if text:
                (out / "calls" / f"{call}.{stream}").write_text(masked(text), "utf-8")
    (out / "statuses").write_text("".join(statuses), "utf-8")
    _record_files(work, out / "files")
    return len(statuses)


def _record_files(work: Path, out: Path) -> None:
    for path in sorted(work.rglob("*")):
        name = path.relative_to(work).as_posix()
        if path.is_file() and is_recorded(name):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(recorded(path))


def _call(arguments: Sequence[str], work: Path) -> subprocess.CompletedProcess[str]:
    return _python(("-m", "mlip_compose", *arguments), work)


def _python(arguments: Sequence[str], work: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=work,
        env=_environment(work),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )


def _environment(work: Path) -> dict[str, str]:
    """Return the environment of a call: no terminal, one thread, nothing of the user's."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(map(str, (work.parent / "tree" / "src", work / "inputs"))),
        "HOME": str(work.parent / "home"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def _listed(work: Path) -> Mapping[str, Sequence[str]]:
    """Return what the tree lists: its tasks, potentials and published studies."""

    def names(kind: str) -> list[str]:
        done = _call((kind, "list", "--json"), work)
        if done.returncode:
            raise SystemExit(f"expected {kind} list --json to work; found:\n{done.stderr}")
        return [row["name"] for row in json.loads(done.stdout)]

    manifest = work.parent / "tree" / "site" / "data" / "manifest.json"
    document = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {"studies": []}
    studies = [study["name"] for study in document["studies"]]
    return {
        "task": names("tasks"),
        "potential": names("potentials"),
        "study": studies,
        "other study": [name for name in studies if name != "leaderboard-v1"],
        "studies": [" ".join(f"results/{name}" for name in studies)],
    }


def _arguments(line: str, work: Path) -> list[str]:
    """Return the arguments of a line; a pattern becomes the paths that it fits, if there are."""
    arguments: list[str] = []
    for argument in shlex.split(line):
        paths = sorted(work.glob(argument)) if "*" in argument else []
        arguments += [path.relative_to(work).as_posix() for path in paths] or [argument]
    return arguments


def _free_name(line: str, names: set[str]) -> str:
    """Return a file name for a call that no other call has: the same in every recording."""
    name = re.sub(r"[^\w.,=:+-]+", "_", line).strip("_")[:LONGEST_NAME]
    number = 1
    while (free := name if number == 1 else f"{name}~{number}") in names:
        number += 1
    names.add(free)
    return free
