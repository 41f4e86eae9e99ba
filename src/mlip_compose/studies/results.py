"""The results of a study: one document, put together from its scores, and read again."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from mlip_compose.core.errors import DataError, SchemaError, UnreadableError
from mlip_compose.core.files import set_aside
from mlip_compose.core.host import available_cores
from mlip_compose.evaluation.additivity import Additivity, reaction_errors, reference_additivity
from mlip_compose.evaluation.ceiling import CeilingScore, ceiling_summaries
from mlip_compose.evaluation.horizon import horizons
from mlip_compose.evaluation.learning import levellings
from mlip_compose.evaluation.relaxations import relaxations
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.seeds import seed_summaries
from mlip_compose.evaluation.study_results import DatasetFacts, StudyResults, UnitFacts
from mlip_compose.store.reader import Store
from mlip_compose.studies.comparisons import Comparisons
from mlip_compose.studies.directory import ResultsDirectory, reason_of, results_directory
from mlip_compose.studies.gallery import read_gallery
from mlip_compose.studies.plan import packages_of
from mlip_compose.studies.study import Study

PACKAGES: Final = (
    "mlip-compose",
    "numpy",
    "scipy",
    "ase",
    "rdkit",
    "tblite",
    "h5py",
    "torch",
    "graph-pes",
    "e3nn",
    "pytorch-lightning",
)


def provenance(command: str, packages: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return versions, hardware, the command that makes this result anew, and the time (UTC).

    Parameters
    ----------
    command
        The command.
    packages
        Versions of other packages that bring tasks or potentials of the study.
    """
    versions = {name: number for name in PACKAGES if (number := _version(name))}
    return {
        "command": command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
        "versions": versions | dict(packages),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def read_results(directory: ResultsDirectory | str | Path) -> StudyResults:
    """Read the results of a study that was run, with its gallery where it has one.

    Parameters
    ----------
    directory
        Directory that the study was run in, such as ``results/quick``.

    Returns
    -------
    StudyResults
        The trainings (``units``), the scores of each potential on each split (``scores``), the
        certificates of the splits, and what follows from several seeds, levels or potentials.

    Raises
    ------
    UnreadableError, SchemaError
        There are none, or they are damaged.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> results = mc.read_results("results/quick")  # doctest: +SKIP
    >>> results.scores[0].metric("forces_mae").ood.value  # meV/Angstrom  # doctest: +SKIP
    71.3
    """
    directory = results_directory(directory)
    results = _read_document(directory)
    return results.model_copy(update={"gallery": read_gallery(directory)})


def _read_document(directory: ResultsDirectory) -> StudyResults:
    """Read ``results.json``, which has no gallery in it."""
    try:
        return StudyResults.model_validate_json(directory.results.read_text("utf-8"))
    except OSError as error:
        raise UnreadableError(
            f"a directory with the results of a study ({directory.results})",
            error.strerror or str(error),
            "Make one with `mlip-compose run`.",
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"results of a study in {directory.results}",
            reason_of(error),
            "Run the study again: `mlip-compose run` makes them anew from the scores.",
        ) from error


def kept_results(
    directory: ResultsDirectory, study: Study, store: Store, units: Iterable[str]
) -> StudyResults | None:
    """Return the results that are there, without gallery, where they are of this very study.

    Damaged ones are set aside, to be made anew from the scores.

    Parameters
    ----------
    directory
        The results.
    study, store
        The study, and its data set.
    units
        Ids of its trainings and of the predictions that it names.

    Returns
    -------
    StudyResults | None
        None where there are no results, or those of another study, data set or program version.
    """
    try:
        results = _read_document(directory)
    except DataError as error:
        if directory.results.exists():
            set_aside(directory.results, directory.damaged, error.found)
        return None
    expected = (study.model_dump(mode="json"), store.checksum, set(units))
    actual = (results.study, results.dataset.sha256, {unit.id for unit in results.units})
    return results if actual == expected else None


def assemble_results(
    study: Study,
    store: Store,
    certificates: Sequence[dict[str, Any]],
    units: Sequence[UnitFacts],
    scores: Sequence[Score],
    ceilings: Sequence[CeilingScore],
    comparisons: Comparisons,
    command: str,
) -> StudyResults:
    """Put together what the report shows.

    Parameters
    ----------
    study, store
        The study, and its data set.
    certificates
        One document a task and level.
    units
        Trainings and files of predictions, failed ones too.
    scores, ceilings, comparisons
        Scores, scores against ceilings, and comparisons of potentials.
    command
        The command that makes the results anew.
    """
    several = len({unit.seed for unit in units}) > 1
    summaries = seed_summaries(scores) if several else ()
    return StudyResults(
        name=study.name,
        study=study.model_dump(mode="json"),
        dataset=_dataset_facts(store),
        certificates=tuple(certificates),
        units=tuple(units),
        scores=tuple(scores),
        pairs=comparisons.pairs,
        seed_summaries=summaries,
        rankings=comparisons.rankings,
        additivity=_additivity(store),
        reaction_errors=reaction_errors(scores),
        relaxations=relaxations(scores),
        ceilings=tuple(ceilings),
        ceiling_summaries=ceiling_summaries(ceilings) if several else (),
        horizons=horizons(scores, summaries),
        levellings=levellings({u.id: u.facts.get("validation_curve", ()) for u in units}),
        provenance=provenance(
            command, packages_of((task.name for task in study.rules), study.potentials)
        ),
    )


def _additivity(store: Store) -> Additivity | None:
    minima = {
        name: (molecule, float(store.minimum(name).energy[0]))
        for name, molecule in store.molecules.items()
        if store.has_minimum(name)
    }
    return reference_additivity(store.name, store.reference, minima)


def _dataset_facts(store: Store) -> DatasetFacts:
    return DatasetFacts(
        name=store.name,
        sha256=store.checksum,
        reference=store.reference,
        reference_settings=store.header.reference_settings,
        sampling=store.header.sampling,
        molecules=len(store.molecules),
        frames=store.total_frames,
    )
