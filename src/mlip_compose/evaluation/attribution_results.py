"""What an attribution says: where in the molecules the error of a potential is."""

from __future__ import annotations

from typing import Literal

from mlip_compose.core.documents import Interval, Strict

GroupingName = Literal["family", "chain", "element", "end_distance", "novel_distance"]


class ForceRow(Strict):
    """The force error of one group of atoms.

    ``forces_mae`` has the unit of its grouping and an interval from the bootstrap over the
    molecules that have such atoms. ``share`` is this group's part of the sum of all absolute force
    errors of the test part. ``atoms`` and ``frames`` are counted once for each molecule, of which
    there are ``molecules``; failed frames are in none of these.
    """

    group: str
    part: Literal["id", "ood"]
    forces_mae: Interval
    share: float
    atoms: int
    molecules: int
    frames: int


class ForceGrouping(Strict):
    """Force errors by one property of atoms or molecules; rows are in the property's order."""

    name: GroupingName
    label: str
    unit: str
    aggregation: str
    rows: tuple[ForceRow, ...]


class EnergyRow(Strict):
    """The energy error of a family, split as ``e = slope * n + rest``.

    ``group`` is an end group, or ``all`` for all molecules with one slope. ``slope`` (meV per CH2)
    is None where no family has molecules of two chain lengths; so are ``constant`` and ``rest``
    then. ``total`` and ``rest`` are the root mean square of e before and after the growing part is
    removed, and ``constant`` the mean of the rest, with its sign; all three in meV. ``chains``
    counts different n.
    """

    group: str
    part: Literal["id", "ood"]
    slope: Interval | None
    constant: Interval | None
    rest: Interval | None
    total: Interval | None
    molecules: int
    chains: int
    frames: int


class EnergySplit(Strict):
    """Energy errors split into a part that grows with the chain and a rest.

    ``name`` is ``energy`` for the predictions as they are, ``energy_offset`` after per-element
    offsets fitted on training labels.
    """

    name: Literal["energy", "energy_offset"]
    label: str
    slope_unit: str
    unit: str
    aggregation: str
    rows: tuple[EnergyRow, ...]


class Attribution(Strict):
    """Where the error of one potential on one split is."""

    forces: tuple[ForceGrouping, ...]
    energy: tuple[EnergySplit, ...]
