"""Where names stand beside points: close to each, over no other name, point or error bar.

Panels are as wide as the screen allows. A place is taken if it is free in the narrowest and in a
wide panel; in between names only move apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from mlip_compose.report.figures.style import Figure, plain

WIDTHS: Final = (250.0, 330.0, 560.0)
"""Pixels between the axes of a panel: on a phone, on a laptop and on a wide screen."""

HEIGHT: Final = 246.0
SIZE: Final = 11.0  # of the letters
LETTER: Final = 6.4  # mean width of a letter of that size
MARK: Final = 7.0  # half the width of a point
BAR: Final = 4.0  # half the width of an error bar
LONGEST: Final = 24  # letters; longer names are cut, and whole in what a point says
RINGS: Final = (16.0, 26.0, 38.0, 52.0, 68.0)  # distances of a name from its point
ANGLES: Final = (0, 180, 90, 270, 45, 135, 225, 315, 20, 160, 200, 340)

Box = tuple[float, float, float, float]


class Point(NamedTuple):
    """A point and the ends of its error bar, as fractions of the panel from its lower left."""

    name: str
    x: float
    y: float
    low: float
    high: float


def short(name: str, longest: int = LONGEST) -> str:
    """Return a name, cut where it is too long to stand in a figure."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def direct_names(points: Sequence[Point]) -> list[Figure]:
    """Return a name for each point, with a thin line to it.

    Returns
    -------
    list of dict
        Plotly's annotations without ``x`` and ``y``; ``ax`` and ``ay`` are pixels from the point to
        the middle of the name.
    """
    taken: list[tuple[float, float, int, float, float]] = []
    offsets: dict[int, tuple[float, float]] = {}
    for i in sorted(range(len(points)), key=lambda i: -points[i].y):
        size = LETTER * len(short(points[i].name)) + 4.0, SIZE + 4.0
        places = _places(size)
        offsets[i] = min(places, key=lambda place: _cost(place, i, size, points, taken))
        taken.append((*offsets[i], i, *size))
    return [
        {
            "text": plain(short(points[i].name)),
            "ax": round(offsets[i][0], 1),
            "ay": round(-offsets[i][1], 1),
            "showarrow": True,
            "arrowhead": 0,
            "arrowwidth": 1,
            "standoff": 5,
            "xanchor": "center",
            "yanchor": "middle",
            "font": {"size": SIZE},
            "name": "direct",
        }
        for i in range(len(points))
    ]


def _places(size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return where the middle of a name could be, relative to its point, the best first."""
    places = []
    for ring in RINGS:
        for angle in ANGLES:
            x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            side = 0.0 if abs(x) < 1e-6 else math.copysign(size[0] / 2, x)
            places.append((ring * 0.6 * x + side, ring * y))
    return places


def _cost(
    place: tuple[float, float],
    own: int,
    size: tuple[float, float],
    points: Sequence[Point],
    taken: Sequence[tuple[float, float, int, float, float]],
) -> float:
    """Return how much a name would cover; of free places the first is the best."""
    covered = 0.0
    for width in WIDTHS:
        x, y = points[own].x * width + place[0], points[own].y * HEIGHT + place[1]
        box = _box(x, y, *size)
        covered += 3.0 * _outside(box, width)
        for dx, dy, other, *other_size in taken:
            at = points[other]
            covered += _overlap(box, _box(at.x * width + dx, at.y * HEIGHT + dy, *other_size))
        for i, point in enumerate(points):
            x, y = point.x * width, point.y * HEIGHT
            bar = (x - BAR, point.low * HEIGHT, x + BAR, point.high * HEIGHT)
            covered += _overlap(box, bar)
            if i != own:
                covered += _overlap(box, _box(x, y, 2 * MARK, 2 * MARK))
    return covered


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def _outside(box: Box, width: float) -> float:
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area - _overlap(box, (0.0, 0.0, width, HEIGHT))
