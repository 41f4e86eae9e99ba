"""Numbers as text: significant digits, intervals, and a dash for what is not there."""

from __future__ import annotations

import math
import re
from typing import TypeGuard

from mlip_compose.core.documents import Interval

DASH = "–"
_TOGETHER = re.compile(r"(?<=\d) (?=%|meV|eV|kcal|Å)|(?<=[nr*]) (?== \d)|(?<==) (?=\d)")


def is_number(value: float | None) -> TypeGuard[float]:
    """Return whether a value is there and finite."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """Return a value with about three significant digits, ``34.7``; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    text = f"{value:,.{digits}f}" if size >= 0.0005 else f"{value:.1e}"
    return text.replace("-", "−")


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals, one from 10 and none from 100 on; a dash where none is."""
    if value is None or not math.isfinite(value):
        return DASH
    return number(value) if value >= 9.995 else f"{value:.2f}"


def between(interval: Interval | None, as_ratio: bool = False) -> str:
    """Return the limits of an interval, ``1.62 to 2.21``; empty where there are none."""
    if interval is None or not (is_number(interval.low) and is_number(interval.high)):
        return ""
    write = ratio if as_ratio else number
    return f"{write(interval.low)} to {write(interval.high)}"


def bracketed(interval: Interval | None, as_ratio: bool = False) -> str:
    """Return a value with its limits, ``1.90 [1.62 to 2.21]``; a dash where there is none."""
    if interval is None:
        return DASH
    write = ratio if as_ratio else number
    return f"{write(interval.value)} [{between(interval, as_ratio=as_ratio)}]"


def percent(fraction: float | None) -> str:
    """Return a fraction as per cent; 100 % and 0 % only where they are exact."""
    if fraction is None or not math.isfinite(fraction):
        return DASH
    if fraction in (0.0, 1.0):
        return f"{100 * fraction:.0f} %"
    return f"{min(max(100 * fraction, 0.1), 99.9):.1f} %"


def unbroken(text: str) -> str:
    """Return a text in which a number and its unit, and ``n = 9``, stand on one line."""
    return _TOGETHER.sub("\N{NO-BREAK SPACE}", text)


def duration(seconds: float | None) -> str:
    """Return a time span in its natural unit: ``0.90 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 99.5:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
