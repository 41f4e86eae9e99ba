"""Publication figures: the documents of the page, drawn by its own Plotly in a Chromium.

kaleido starts the Chromium of this machine without a window and gives it a page with the Plotly
script that the report brings along. No network is asked for anything. Text stays text: PDF has its
font embedded, SVG names it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from importlib.resources import as_file
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mlip_compose.core.errors import MissingExtraError, RequestError, excerpt
from mlip_compose.core.files import write_bytes
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.figures.style import Figure
from mlip_compose.report.page import FOLDER, PLOTLY, vendored
from mlip_compose.report.plate_document import PIXELS, plate_document
from mlip_compose.report.plates import Plate, plates

if TYPE_CHECKING:
    from kaleido import Kaleido

Result = TypeVar("Result")

FORMATS: Final = ("pdf", "svg")
CSS: Final = 96.0
"""Pixels to an inch, as browsers count them."""
NOTE: Final = "<!-- Drawn by mlip-compose; document and Plotly have sha256 {} -->"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
PATIENCE: Final = 90.0  # s, for one figure
BREATH: Final = 0.2  # s
HEAD: Final = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
      script-src file: 'unsafe-inline'; style-src 'unsafe-inline'">
    <title>mlip-compose</title>
    <style>@page { margin: 0 } img { display: block }</style>
    <style id="head-style"></style>
    <script>
      // Plotly names parts of a figure at random: the same names for the same figure.
      let state = 1;
      Math.random = () => (state = (48271 * state) % 2147483647) / 2147483647;
    </script>
"""
"""Of the page that draws: kaleido writes into the style, and loads the page anew each time."""
DATES: Final = re.compile(rb"(?<=\(D:)\d{14}")
"""When a PDF was made: replaced by digits of the same length, since a PDF counts its bytes."""
AGAIN: Final = "Run again; where it fails again, see what `chromium --headless` says."
INSTALL: Final = (
    "Install Chromium or Chrome, for example with: apt-get install chromium. The environment "
    "variable BROWSER_PATH names one that is in no usual place."
)


def write_figures(results: StudyResults, folder: Path) -> list[Path]:
    """Write every figure as PDF and SVG; the same results give the same bytes on one machine.

    Parameters
    ----------
    results
        The study.
    folder
        Is made where there is none.

    Returns
    -------
    list of Path
        The files, in the order of the page.

    Raises
    ------
    MissingExtraError
        kaleido is not installed.
    RequestError
        There is no Chromium, or it fails.
    UnwritableError
        A file cannot be written.
    """
    return _finish(_write_all(plates(results), folder))


def plate_svg(plate: Plate) -> str:
    """Return a plate as SVG; raises what :func:`write_figures` raises."""
    return _finish(_svg(plate))


def fingerprint(plate: Plate) -> str:
    """Return what an SVG of a plate is known by: the sha256 of its document and of Plotly.

    It needs no Chromium, and says whether :func:`plate_svg` would draw what a file shows.
    """
    return _fingerprint(plate_document(plate))


def fingerprint_in(svg: str) -> str | None:
    """Return the fingerprint of the plate that an SVG was drawn from; None where it has none."""
    note = re.search(NOTE.format("([0-9a-f]{64})"), svg)
    return note.group(1) if note else None


def _fingerprint(document: Figure) -> str:
    text = json.dumps(document, sort_keys=True) + vendored(PLOTLY)
    return hashlib.sha256(text.encode()).hexdigest()


def _finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Do asynchronous work in a thread, and end it in order where this one is interrupted.

    In the thread that gets signals, a task of kaleido would catch what they raise, and wait on.
    """
    tasks: list[asyncio.Task[Any] | None] = []

    async def task() -> Result:
        tasks.append(asyncio.current_task())
        return await work

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(asyncio.run, task())
        try:
            while not future.done():  # awake now and then: a signal may come to another thread
                wait((future,), BREATH)
            return future.result()
        finally:
            for running in tasks:
                if running is not None and not running.done():
                    running.get_loop().call_soon_threadsafe(running.cancel)


async def _write_all(plates: Iterable[Plate], folder: Path) -> list[Path]:
    paths = []
    async with _chromium() as chromium:
        for plate in plates:
            document = plate_document(plate)
            drawings = [_drawn(chromium, document, extension) for extension in FORMATS]
            for extension, content in zip(FORMATS, await asyncio.gather(*drawings), strict=True):
                paths.append(folder / f"{plate.name}.{extension}")
                write_bytes(paths[-1], content)
    return paths


async def _svg(plate: Plate) -> str:
    async with _chromium() as chromium:
        return (await _drawn(chromium, plate_document(plate), "svg")).decode("utf-8")


@asynccontextmanager
async def _chromium() -> AsyncIterator[Kaleido]:
    """Start a Chromium, with a tab for each format; what fails in it is a RequestError."""
    try:
        from choreographer import errors
        from kaleido import Kaleido, PageGenerator
        from kaleido.errors import JavascriptError, KaleidoError
    except ImportError:
        raise MissingExtraError("publication figures", "kaleido", "figures") from None

    failures = (
        errors.BrowserClosedError,
        errors.BrowserFailedError,
        errors.ChannelClosedError,
        errors.DevtoolsProtocolError,
        JavascriptError,
        KaleidoError,
        TimeoutError,
    )
    wanted = "Chromium or Chrome, which draws publication figures"
    with as_file(FOLDER / PLOTLY) as script:
        page = PageGenerator(plotly=(script.as_uri(), "utf-8"), mathjax=False)
        page.header = HEAD
        try:
            async with Kaleido(len(FORMATS), PATIENCE, page) as chromium:
                yield chromium
        except errors.ChromeNotFoundError:
            raise RequestError(wanted, "none on this machine", INSTALL) from None
        except failures as error:
            reason = " ".join(map(str, error.args)) or type(error).__name__
            raise RequestError(wanted, f"one that failed: {excerpt(reason, 300)}", AGAIN) from error


async def _drawn(chromium: Kaleido, document: Figure, extension: str) -> bytes:
    """Return a document as PDF or SVG, without what differs from one drawing to the next."""
    options = {"format": extension, "scale": CSS / PIXELS}
    drawing: bytes = await chromium.calc_fig(document, options)
    if extension == "pdf":
        return DATES.sub(b"20000101000000", drawing)
    return _finished(drawing.decode("utf-8"), document).encode()


def _finished(svg: str, document: Figure) -> str:
    """Return an SVG with its size in points, ids that no other figure has, and its fingerprint.

    An id of Plotly begins with six random digits: the same in all figures, as the page is seeded.
    """
    fingerprint = _fingerprint(document)
    size = " ".join(
        f'{side}="{72 / PIXELS * document["layout"][side]:.6g}pt"' for side in ("width", "height")
    )
    svg = re.sub(r'width="[\d.]+" height="[\d.]+"', size, svg, count=1)
    if random := re.search(r'id="defs-(\w+)"', svg):
        svg = svg.replace(random.group(1), fingerprint[:6])
    return f"{DECLARATION}\n{NOTE.format(fingerprint)}\n{svg}\n"
