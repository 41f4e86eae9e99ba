"""A study with its data opened: what its run, its plan, its shards and its checks begin with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure
from mlip_compose.datasets.store_proof import stored_proof
from mlip_compose.engine.engine import Engine
from mlip_compose.potentials.entry import Entry
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.given import GivenRow, given_rows
from mlip_compose.studies.plan import Training, plan
from mlip_compose.studies.progress import Listener
from mlip_compose.studies.study import Study


@dataclass(frozen=True, eq=False)
class OpenStudy:
    """A study and its data set; what follows from the two is found out once.

    Attributes
    ----------
    study
        The study.
    store
        Its data set.
    """

    study: Study
    store: Store

    @cached_property
    def trainings(self) -> tuple[Training, ...]:
        """The trainings of the study.

        Raises
        ------
        CoverageError
            The data set lacks molecules or frames.
        """
        return plan(self.study, self.store)

    @cached_property
    def given(self) -> tuple[GivenRow, ...]:
        """The rows that the study does not train, each with the predictions that it names.

        Raises
        ------
        StudyError, DataError
            The predictions do not belong to the study, or cannot be read.
        """
        return given_rows(self.study, self.store, self.trainings)


def open_study(study: Study) -> OpenStudy:
    """Open the data set of a study.

    Raises
    ------
    RequestError
        There is no such data set, or it cannot be read.
    """
    # worker processes may have other working directories
    return OpenStudy(study, Store(dataset_path(study.dataset).resolve()))


def say_whether_proved(store: Store, listener: Listener, unproved: bool = False) -> None:
    """Say whether the energies of a data set are proved to belong to its forces.

    Parameters
    ----------
    store
        The data set.
    listener
        Is told.
    unproved
        Whether labels are taken although energies do not belong to forces.

    Raises
    ------
    DataError
        Energies do not belong to forces, such as where these are of the opposite sign.
    """
    proof = stored_proof(store, unproved)
    listener.note(f"Labels of {store.name} are {proof}")


def check_potentials(entries: Iterable[Entry], engine: Engine) -> None:
    """Check that workers can make each potential, once for each of its settings.

    That may load a model, so it is a unit of work.

    Raises
    ------
    RequestError
        Something that the potential needs is absent; the message names it.
    """
    checked = {
        (entry.potential, entry.resolved().model_dump_json()): entry
        for entry in entries
        if entry.kind.check is not None
    }
    for entry, outcome in engine.run(_check, tuple(checked.values())):
        if isinstance(outcome, Failure):
            raise RequestError(f"a worker in which {entry.shown} can be made", outcome.reason)


def _check(entry: Entry) -> None:
    check = entry.kind.check
    assert check is not None  # as of those that are asked
    check(entry.resolved())
