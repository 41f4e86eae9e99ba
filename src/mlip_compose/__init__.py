"""Have machine-learned potentials learned that molecules are made of parts? A benchmark.

Compositional generalisation of machine-learned interatomic potentials (MLIPs), after arXiv
2605.08988. ``mlip-compose --help`` is the place to start with commands, ``docs/python.md`` with
Python; ``docs/`` explains the words.

The names in ``__all__`` are for programs and notebooks; everything else may move. A name is
imported when it is first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlip_compose.core.errors import ComposeError, RequestError
    from mlip_compose.evaluation.results import Score
    from mlip_compose.evaluation.study_results import StudyResults
    from mlip_compose.evaluation.tables import to_table
    from mlip_compose.potentials.base import Potential
    from mlip_compose.potentials.registry import get_potential, load_potential
    from mlip_compose.predictions.file import Predictions, read_predictions, write_predictions
    from mlip_compose.predictions.potential import fit_potential, predict_target
    from mlip_compose.predictions.scoring import score_predictions
    from mlip_compose.predictions.target import Target, certify_target, split_dataset
    from mlip_compose.report.page import write_report
    from mlip_compose.store.catalogue import open_dataset
    from mlip_compose.store.reader import Store
    from mlip_compose.studies.oracle import OracleScore, score_oracle
    from mlip_compose.studies.results import read_results
    from mlip_compose.studies.run import run_study
    from mlip_compose.studies.study import Study, load_study
    from mlip_compose.tasks.certificate_schema import Certificate
    from mlip_compose.tasks.rules import get_task

_MODULES = {
    "Certificate": "tasks.certificate_schema",
    "ComposeError": "core.errors",
    "OracleScore": "studies.oracle",
    "Potential": "potentials.base",
    "Predictions": "predictions.file",
    "RequestError": "core.errors",
    "Score": "evaluation.results",
    "Store": "store.reader",
    "Study": "studies.study",
    "StudyResults": "evaluation.study_results",
    "Target": "predictions.target",
    "certify_target": "predictions.target",
    "fit_potential": "predictions.potential",
    "get_potential": "potentials.registry",
    "get_task": "tasks.rules",
    "load_potential": "potentials.registry",
    "load_study": "studies.study",
    "open_dataset": "store.catalogue",
    "predict_target": "predictions.potential",
    "read_predictions": "predictions.file",
    "read_results": "studies.results",
    "run_study": "studies.run",
    "score_oracle": "studies.oracle",
    "score_predictions": "predictions.scoring",
    "split_dataset": "predictions.target",
    "to_table": "evaluation.tables",
    "write_predictions": "predictions.file",
    "write_report": "report.page",
}
"""Where each public name is."""

__all__ = [
    "Certificate",
    "ComposeError",
    "OracleScore",
    "Potential",
    "Predictions",
    "RequestError",
    "Score",
    "Store",
    "Study",
    "StudyResults",
    "Target",
    "__version__",
    "certify_target",
    "fit_potential",
    "get_potential",
    "get_task",
    "load_potential",
    "load_study",
    "open_dataset",
    "predict_target",
    "read_predictions",
    "read_results",
    "run_study",
    "score_oracle",
    "score_predictions",
    "split_dataset",
    "to_table",
    "write_predictions",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # an eighth of the time of --help

        return version("mlip-compose")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
