"""Pages made from a template and results; a sentence stands in it with the claim that it makes."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlip_compose.report.words import number, percent, ratio
from pages import finding_tables as tables


class ClaimError(AssertionError):
    """A sentence that the results do not bear out."""


def claim(holds: bool, sentence: str) -> str:
    """Return nothing where a claim holds.

    Raises
    ------
    ClaimError
        It does not.
    """
    if not holds:
        raise ClaimError(f"the results no longer say that {sentence}: change the text")
    return ""


def rendered(template: str, **names: Any) -> str:
    """Return a page from its template, which can call ``claim`` and what ``names`` has."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals |= {"claim": claim, **names}
    environment.filters |= {
        "number": number,
        "ratio": ratio,
        "percent": percent,
        "gap": tables.as_gap,
        "error": tables.with_limits,
    }
    return environment.get_template(template).render()
