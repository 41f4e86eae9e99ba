"""Scores as tables of pandas: one row a number, with its unit and its interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults

if TYPE_CHECKING:
    import pandas

Rows = Literal["metrics", "molecules"]


def to_table(
    results: StudyResults | Score | Iterable[Score], rows: Rows = "metrics"
) -> pandas.DataFrame:
    """Return scores as a table of pandas, one row a number.

    Parameters
    ----------
    results
        Results of a study, a score, or several scores.
    rows
        ``metrics``: for each score and metric a row for ID, OOD and gap. ``molecules``: for each
        score, tested molecule and metric a row.

    Returns
    -------
    pandas.DataFrame
        Columns ``task``, ``level``, ``coverage_radius`` (bonds), ``potential``, ``role``, ``seed``,
        ``dataset``, ``reference`` and ``train_frames``; then ``metric``, ``quantity`` (``id``,
        ``ood`` or ``gap``), ``unit`` (``1`` of a gap), ``value``, and with ``metrics`` the interval
        ``low`` to ``high`` at ``confidence``, ``aggregation``, ``frames`` and ``molecules``; with
        ``molecules`` those of the molecule: ``molecule``, ``family``, ``chain``, ``frames`` and
        ``failed_frames``.

    Raises
    ------
    MissingExtraError
        pandas is not installed.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> table = mc.to_table(mc.read_results("results/quick"))  # doctest: +SKIP
    >>> gaps = table.query("metric == 'forces_mae' and quantity == 'gap'")  # doctest: +SKIP
    >>> gaps.pivot(index="potential", columns="task", values="value")  # doctest: +SKIP
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise MissingExtraError("a table", "pandas", "tables") from error
    makers = {"metrics": _metrics, "molecules": _molecules}
    if rows not in makers:
        raise RequestError(f"rows of a table: {' or '.join(makers)}", repr(rows))
    scores = (
        results.scores
        if isinstance(results, StudyResults)
        else (results,)
        if isinstance(results, Score)
        else results
    )
    return pandas.DataFrame([row for score in scores for row in makers[rows](score)])


def _origin(score: Score) -> dict[str, Any]:
    return {
        "task": score.task,
        "level": score.level,
        "coverage_radius": score.coverage_radius,
        "potential": score.potential,
        "role": score.role,
        "seed": score.seed,
        "dataset": score.dataset,
        "reference": score.reference,
        "train_frames": score.train_frames,
    }


def _metrics(score: Score) -> Iterator[dict[str, Any]]:
    for metric in score.metrics:
        counts = {
            "id": (metric.id_frames, metric.id_molecules),
            "ood": (metric.ood_frames, metric.ood_molecules),
            "gap": (metric.ood_frames, metric.ood_molecules),
        }
        for quantity, (frames, molecules) in counts.items():
            interval = getattr(metric, quantity)
            if interval is None:
                continue
            yield {
                **_origin(score),
                "metric": metric.name,
                "quantity": quantity,
                "unit": "1" if quantity == "gap" else metric.unit,
                "value": interval.value,
                "low": interval.low,
                "high": interval.high,
                "confidence": score.confidence,
                "aggregation": metric.aggregation,
                "frames": frames,
                "molecules": molecules,
            }


def _molecules(score: Score) -> Iterator[dict[str, Any]]:
    units = {metric.name: metric.unit for metric in score.metrics}
    for molecule in score.molecules:
        for name, value in molecule.values.items():
            yield {
                **_origin(score),
                "metric": name,
                "quantity": molecule.part,
                "unit": units[name],
                "value": value,
                "molecule": molecule.molecule,
                "family": molecule.family,
                "chain": molecule.chain,
                "frames": molecule.frames,
                "failed_frames": molecule.failed_frames,
            }
