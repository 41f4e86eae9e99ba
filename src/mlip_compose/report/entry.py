"""A line of a leaderboard, which figures and sections name alike."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.core.records import Role


@dataclass(frozen=True)
class Entry:
    """One line of a leaderboard: a potential, trained with one seed or averaged over its seeds.

    ``seed`` is None for the mean over seeds; ``label`` names the seed of one among several.
    """

    potential: str
    seed: int | None
    role: Role
    label: str
