"""The page that people look at: one self-contained HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from itertools import compress, groupby, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mlip_compose import __version__
from mlip_compose.core import packing
from mlip_compose.core.files import write_text
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import VIRIDIS, Style, run_styles, styles_of
from mlip_compose.report.sections.attribution import View, attribution_document, attribution_views
from mlip_compose.report.sections.by_molecule import molecule_document
from mlip_compose.report.sections.ceilings import Ceilings, ceiling_rows, ceilings_of
from mlip_compose.report.sections.costs import COSTS, cost_document
from mlip_compose.report.sections.curves import curve_document
from mlip_compose.report.sections.evidence import evidence
from mlip_compose.report.sections.evidence_figures import evidence_panels, task_styles
from mlip_compose.report.sections.gaps import gap_caption, gap_figure, has_gaps
from mlip_compose.report.sections.horizons import horizon_panels, horizon_tables
from mlip_compose.report.sections.leaderboard import (
    MAIN_METRIC,
    Board,
    build_board,
    default_level,
    entries_of,
    levels_of,
    metrics_of,
    order_note,
    order_rows,
    orders_of,
    place_note,
    places_of,
    provenance_of,
    runs_of,
    tasks_of,
    unit_of,
)
from mlip_compose.report.sections.leaderboard_json import board_document
from mlip_compose.report.sections.learning import learning_panels
from mlip_compose.report.sections.map_cells import ground_of
from mlip_compose.report.sections.maps import map_document
from mlip_compose.report.sections.molecules import LIMIT, molecules_document
from mlip_compose.report.sections.origins import origin_of
from mlip_compose.report.sections.parities import parity_document
from mlip_compose.report.sections.reactions import Reactions, reactions_of
from mlip_compose.report.sections.run_account import account
from mlip_compose.report.sections.summary import answer, confidence_of, has_one_trajectory
from mlip_compose.report.words import (
    DASH,
    QUESTION,
    ROLES,
    between,
    glossary_of,
    is_number,
    number,
    ratio,
    unbroken,
)

if TYPE_CHECKING:
    from jinja2 import Environment


_LATER = re.compile(
    r"(?P<start><div [^<>]*?)(?P<hidden> hidden)?><!--later-->(?P<part>.*?)<!--/later-->", re.S
)


def pack(document: Any) -> str:
    """Return a document as JSON, packed (see :mod:`mlip_compose.core.packing`).

    Raises
    ------
    ValueError
        A number in it is not finite.
    """
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )
    return packing.pack(text.encode())


def unpack(text: str) -> Any:
    """Return the document that ``pack`` was given."""
    return json.loads(packing.unpack(text))


def put_off(html: str) -> tuple[str, list[str]]:
    """Take the parts out of a page that are hidden at first.

    Returns
    -------
    str
        The page. What templates enclose in ``<!--later-->`` and ``<!--/later-->``, right inside of
        a ``div`` that is hidden, has become the number of a part in its ``data-later``; inside of
        one that is not, it stays.
    list
        The parts, by number.
    """
    parts: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if not match["hidden"]:
            return f"{match['start']}>{match['part']}"
        parts.append(match["part"])
        return f'{match["start"]} data-later="{len(parts) - 1}" hidden>'

    return _LATER.sub(replace, html), parts


PLOTLY: Final = "plotly-cartesian.min.js"
TABULATOR: Final = "tabulator.min.js"
TABULATOR_STYLE: Final = "tabulator.min.css"
MOL3D: Final = "3Dmol-min.js"

FOLDER: Final = files("mlip_compose.report") / "vendor"
_SOURCE_MAP = re.compile(r"(//|/\*)# sourceMappingURL=\S+( ?\*/)?\s*$")


@cache
def vendored(file: str) -> str:
    """Return a vendored script or style, to be put into the page.

    The line that names its source map is left out: a page without files beside it has none, and
    developer tools would ask for it.

    Parameters
    ----------
    file
        Its name in the folder: one of the constants of this module.
    """
    return _SOURCE_MAP.sub("", (FOLDER / file).read_text("utf-8"))


TEMPLATES = files("mlip_compose.report") / "templates"
SCRIPTS = (
    "page",
    "notes",
    "plots",
    "saving",
    "figures",
    "map",
    "parity",
    "leaderboard",
    "export",
    "viewer",
    "molecules",
    "contents",
    "copy",
    "printing",
    "start",
)
"""Parts of the page's script, in the order in which they stand in it."""

STYLES = ("report.css", "molecules.css", "paper.css")


class Download(NamedTuple):
    """A file beside the page that the page offers.

    Attributes
    ----------
    study
        Whose numbers it has.
    path
        Relative to the page.
    what
        It has, in a sentence.
    size
        As text.
    """

    study: str
    path: str
    description: str
    size: str


def write_report(results: StudyResults, path: str | Path, *others: StudyResults) -> None:
    """Write the report of one or several studies; a reader of ``path`` never sees half of it.

    Parameters
    ----------
    results
        What the study found; the page shows it first.
    path
        The file to write, ``report.html``; its directory is made where it is missing.
    others
        Further studies that the page has a choice of.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> results = mc.read_results("results/quick")  # doctest: +SKIP
    >>> mc.write_report(results, "quick.html")  # doctest: +SKIP
    """
    write_text(Path(path), render_report(results, *others))


def render_report(*studies: StudyResults, downloads: Sequence[Download] = ()) -> str:
    """Return the report of one or several studies as HTML; the same results give the same page.

    The page shows the first study and has a choice of the others. Nothing in it comes from a
    network, and its content security policy forbids requests and any script but those in it.

    Parameters
    ----------
    studies
        What they found.
    downloads
        Files beside the page that it offers.
    """
    from markupsafe import Markup

    scripts = [vendored(PLOTLY), vendored(TABULATOR), _script()]
    waiting = [vendored(MOL3D)] if any(results.gallery for results in studies) else []
    contexts = [_context(results, LIMIT // len(studies)) for results in studies]
    body = _environment().get_template("study.html.j2")
    bodies = [put_off(body.render(context)) for context in contexts]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            names=study_names(studies),
            downloads=[(name, [*files]) for name, files in groupby(downloads, lambda d: d.study)],
            studies=[Markup(text) for text, _ in bodies],
            data=[
                pack(context["data"] | {"later": later})
                for context, (_, later) in zip(contexts, bodies, strict=True)
            ],
            version=__version__,
            # Ours, not the user's: not escaped on purpose.
            styles=[
                Markup(vendored(TABULATOR_STYLE)),
                *(Markup((TEMPLATES / name).read_text("utf-8")) for name in STYLES),
            ],
            scripts=[Markup(script) for script in scripts],
            waiting=[Markup(script) for script in waiting],
            script_hashes=Markup(
                " ".join(packing.script_hash(script) for script in scripts + waiting)
            ),
        )
    )


def study_names(studies: Sequence[StudyResults]) -> list[str]:
    """Return what tells each study from the others: name, and reference and data that differ."""
    facts = [(s.name, s.dataset.reference, s.dataset.name) for s in studies]
    differ = [i == 0 or len(set(column)) > 1 for i, column in enumerate(zip(*facts, strict=True))]
    names = [", ".join(compress(fact, differ)) for fact in facts]
    return [
        f"{name} ({names[:i].count(name) + 1})" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _script() -> str:
    """Return the page's own script: its parts share one scope."""
    parts = [(TEMPLATES / "js" / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    return "\n".join(['"use strict";', "(() => {", *parts, "})();"])


def _context(results: StudyResults, frames_limit: int) -> dict[str, Any]:
    """Return what the templates of a study's sections are filled with.

    ``frames_limit`` is how many bytes the frames of its molecules may take.
    """
    levels, metrics, entries = levels_of(results), metrics_of(results), entries_of(results)
    boards = [build_board(results, metric, level) for level in levels for metric in metrics]
    runs, styles = runs_of(results), styles_of(entries)
    of_runs = run_styles(runs, styles)
    reactions = reactions_of(results, of_runs)
    run_boards = (
        [build_board(results, metric, level, runs) for level in levels for metric in metrics]
        if runs != entries
        else []
    )
    ceilings = [ceilings_of(results, board) for board in boards]
    attributions = attribution_views(results, styles)
    evidences = [evidence(document, results.scores) for document in results.certificates]
    of_tasks = task_styles(evidences)
    places = [places_of(results, board) for board in boards]
    run_ceilings = [ceilings_of(results, board) for board in run_boards]
    tables = [
        *zip(boards, ceilings, places, repeat("means")),
        *zip(run_boards, run_ceilings, repeat({}), repeat("seeds")),
    ]
    data = _data(results, boards, ceilings, attributions, styles, of_runs)
    panels = [panel for document in data["curves"].values() for panel in document["panels"]]
    return {
        "results": results,
        "any_map": any(data["maps"].values()),
        "any_curve": bool(panels),
        "by_size": any(panel["against"] != "chain length" for panel in panels),
        "question": QUESTION,
        "level_options": [(str(level), str(level)) for level in levels],
        "task_options": [(task, task) for task in tasks_of(results)],
        "metric_options": [(m.name, f"{m.label}, {m.unit}") for m in metrics],
        "cost_options": [(kind, name) for kind, (name, _, _) in COSTS.items()],
        "run_options": [(run.label, run.label) for run in runs],
        "scale_names": ", ".join(entry.label for entry in entries if entry.role == "scale"),
        "force_unit": unit_of(results, MAIN_METRIC),
        "entries": entries,
        "styles": styles,
        "roles": ROLES,
        "zero_shot": any(score.level_of_theory for score in results.scores),
        "glossary": glossary_of(
            (molecule.molecule for score in results.scores for molecule in score.molecules),
            has_one_trajectory(results),
        ),
        "confidence": confidence_of(results),
        "answers": [answer(results, level) for level in levels],
        "boards": boards,
        "any_gap": has_gaps(boards),
        "run_boards": run_boards,
        "ceilings": ceilings,
        "run_ceilings": run_ceilings,
        "places": places,
        "orders": [orders_of(results, board) for board in boards],
        "pairs": [pair for pair in results.pairs if pair.metric == MAIN_METRIC],
        "evidences": evidences,
        "certificate_styles": of_tasks,
        "molecule_names": {molecule.name for molecule in results.gallery.molecules}
        if results.gallery
        else set(),
        "attributions": attributions,
        "view_options": list(dict.fromkeys((view.name, view.title) for view in attributions)),
        "horizons": horizon_tables(results, entries),
        "reactions": reactions,
        "account": account(results),
        "column_options": [
            ("all", "all"),
            ("gaps", "gap and ceiling gap" if any(ceilings) else "gap"),
            ("errors", "errors"),
        ],
        "data": data
        | {
            "reactions": _reaction_figures(reactions),
            "molecules": molecules_document(results, frames_limit),
            "certificates": evidence_panels(evidences, of_tasks),
            "boards": board_document(tables),
        },
    }


def _data(
    results: StudyResults,
    boards: list[Board],
    ceilings: list[Ceilings],
    attributions: tuple[View, ...],
    styles: dict[Entry, Style],
    of_runs: dict[Entry, Style],
) -> dict[str, Any]:
    """Return what the script of the page draws from, and what it shows first.

    Gaps are drawn of each potential, maps and curves of each of its trainings.
    """
    levels, tasks = levels_of(results), tasks_of(results)
    grounds = {level: [ground_of(results, task, level) for task in tasks] for level in levels}

    def by_level(document: Callable[[int], Any]) -> dict[str, Any]:
        return {str(level): part for level in levels if (part := document(level))}

    labels = [run.label for run in of_runs]
    others = list(of_runs)[1:]
    rivals = [run.label for run in others if run.role == "feasibility"] + labels[1:]
    return {
        "initial": {
            "level": str(default_level(results)),
            "metric": boards[0].metric if boards else MAIN_METRIC,
            "task": tasks[0] if tasks else "",
            "quantity": "error",
            "left": labels[0] if labels else "",
            "right": rivals[0] if len(labels) > 1 else "",
            "families": labels[0] if labels else "",
            "scale": "hide",
            "cost": next(iter(COSTS)),
            "study": results.name,
            "rows": "means",
            "columns": "all",
            "view": attributions[0].name if attributions else "",
        },
        "study": {
            "name": results.name,
            "dataset": results.dataset.name,
            "reference": results.dataset.reference,
        },
        "roles": ROLES,
        "colours": VIRIDIS,
        "gaps": {
            str(level): {
                board.metric: {
                    "figure": gap_figure(board, styles, part),
                    "caption": gap_caption(board, part),
                }
                for board, part in zip(boards, ceilings, strict=True)
                if board.level == level
            }
            for level in levels
        },
        "maps": {
            str(level): {
                ground.task: map_document(results, ground.task, level, tuple(of_runs))
                for ground in grounds[level]
                if ground.has_map
            }
            for level in levels
        },
        "by_molecule": by_level(
            lambda level: {
                ground.task: molecule_document(results, ground, of_runs)
                for ground in grounds[level]
                if not ground.has_map
            }
        ),
        "curves": {str(level): curve_document(results, level, of_runs) for level in levels},
        "attributions": attribution_document(attributions),
        "horizons": horizon_panels(results, styles),
        "costs": by_level(lambda level: cost_document(results, level, styles)),
        "learning": by_level(lambda level: learning_panels(results, level, of_runs)),
        "parities": by_level(
            lambda level: {
                task: part
                for task in tasks
                if (part := parity_document(results, level, task, tuple(of_runs)))
            }
        ),
    }


def _reaction_figures(reactions: Reactions | None) -> list[dict[str, Any]]:
    panels = reactions.panels if reactions else ()
    return [{"level": str(panel.level), "figure": panel.figure} for panel in panels]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mlip_compose.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "ratio": ratio, "between": between}
    environment.filters |= {"unbroken": unbroken}
    environment.tests |= {"finite": is_number}
    environment.globals |= {
        "provenance": provenance_of,
        "origin_of": origin_of,
        "place_note": place_note,
        "order_note": order_note,
        "ceiling_rows": ceiling_rows,
        "order_rows": order_rows,
        "dash": DASH,
    }
    return environment
