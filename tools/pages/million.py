"""The tables of docs/scaling.md on a million molecules: measured costs, carried to that size."""

import json
import math
from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from pathlib import Path
from statistics import fmean
from types import MappingProxyType

import numpy as np

from mlip_compose.evaluation.bootstrap import RESAMPLES
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import MAX_CHAIN
from pages.markdown import code, table
from pages.scaling import duration, labels_of_core, number

MILLION = 1_000_000
GIGABYTE = 1e6  # kB
DRAW = np.dtype(np.uint32).itemsize  # see evaluation.bootstrap.draw_counts

ENGINE = {"ms": 10.7, "kB of memory": 1.1}
"""What a unit takes of the client (benchmarks/client_memory.py): 100,000, and beyond 10,000."""
PAGE = {"kB": 0.031}
"""What a page grows by with each molecule that a potential is tested on (compressed values)."""

MEASURED = json.loads((Path(__file__).with_name("million.json")).read_text("utf-8"))
"""What ``python benchmarks/million.py --json`` printed."""


def million() -> str:
    """Return what each stage takes at a million molecules, from the larger number that was run."""
    rows = [_stage_row(stage, name) for stage, name in STAGES.items()]
    units = (
        "a unit handed out by the engine, and its result taken back",
        f"{number(ENGINE['ms'])} ms, {number(ENGINE['kB of memory'])} kB",
    )
    rows.append((*units, "", duration(ENGINE["ms"] / 1000 * MILLION), _memory(ENGINE)))
    columns = ("stage", "measured, each molecule", "power", "CPU time", "memory")
    return table(columns, rows)


STAGES = {
    "assemble": "SMILES, InChIKey and graph of a molecule (RDKit)",
    "parts": "a file a molecule while building, and all of them opened at the end",
    "write": "one HDF5 file with a group a molecule, written (8 + 2 frames, a minimum)",
    "open": "that file opened: layout and checksum of every group",
    "read": "primary frames read, each verified once",
    "plan": "frames of a split chosen, a training's identity hashed",
    "certify": "certificate: environments, coverage, divergences",
    "leaks": "near-duplicate frames and InChIKeys looked for",
    "score": "score with 10,000 resamples, attribution included",
}


def _stage_row(stage: str, name: str) -> tuple[str, ...]:
    small, large = (int(key) for key in MEASURED)
    first, last = (MEASURED[str(size)][stage] for size in (small, large))
    power = math.log(last["ms"] * large / (first["ms"] * small)) / math.log(large / small)
    carried = last["ms"] / 1000 * large * (MILLION / large) ** max(1.0, power)
    return (
        f"{code(stage)}: {name}",
        f"{number(last['ms'])} ms, {number(_kilobytes(stage))} kB",
        f"{power:.2f}",
        duration(carried),
        _memory({"kB of memory": _kilobytes(stage)}),
    )


def _kilobytes(stage: str) -> float:
    """Return the memory that each molecule more takes, kB."""
    small, large = (int(key) for key in MEASURED)
    first, last = (MEASURED[str(size)][stage]["kB of memory"] * size for size in (small, large))
    return max(0.0, last - first) / (large - small)


def _memory(cost: Mapping[str, float]) -> str:
    return f"{number(cost['kB of memory'] * MILLION / GIGABYTE)} GB"


def sizes() -> str:
    """Return what the number of molecules makes large, at a million."""
    large = MEASURED[max(MEASURED, key=int)]
    write, certify = large["write"], large["certify"]
    disk = write["kB on disk"]
    frames = fmean(labels_of_core())
    pairs = len(list(combinations_with_replacement(END_GROUPS, 2)))
    names = pairs * MAX_CHAIN
    kilobytes = {
        "store: a group with its arrays": disk,
        "of that, beside positions and forces": disk - write["kB of positions and forces"],
        "identity of a training": large["plan"]["kB of a training's identity"],
        "certificate": certify["kB of certificate"],
        "score, of one potential at one level": large["score"]["kB of score"],
        "the same in the page, compressed": PAGE["kB"],
        "draws of the bootstrap, kept for the next metric": RESAMPLES * DRAW / 1000,
    }
    rows = [
        ("names X-(CH2)n-Y", f"{pairs} pairs of end groups, n ≤ {MAX_CHAIN}", f"{names:,} in all"),
        ("files of a build under way", "1", _count(1)),
        ("files of a relabelling, frames as in core-v1", number(frames), _count(frames)),
        *((what, f"{number(each)} kB", _size(each)) for what, each in kilobytes.items()),
    ]
    return table(("what", "each molecule", "at a million"), rows)


def _count(each: float) -> str:
    return f"{number(each)} million"


def _size(kilobytes: float) -> str:
    return f"{number(kilobytes * MILLION / GIGABYTE)} GB"


BLOCKS: Mapping[str, Callable[[], str]] = MappingProxyType({"million": million, "sizes": sizes})
"""By name of the block, what makes it."""
