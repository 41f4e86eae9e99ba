"""Study files: which potentials, on which tasks and levels, with which budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from mlip_compose.core.documents import Strict, is_file, parse_document, read_text
from mlip_compose.core.errors import StudyError, UnknownNameError
from mlip_compose.core.records import SplitKey
from mlip_compose.potentials.entry import Entry, as_entry
from mlip_compose.tasks.base import Task
from mlip_compose.tasks.files import SUFFIXES, FileTask, TaskFile, read_task, with_files_read
from mlip_compose.tasks.rules import TASKS, get_task, remember

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class Study(Strict):
    """What to train, on what, and how much.

    Attributes
    ----------
    name
        Name of the study and of its directory of results.
    dataset
        Name of a frozen data set, or path of a store.
    tasks
        Names of tasks; each is a rule that splits molecules into training and OOD. A task of one's
        own is the path of its file, relative to the study file, or what stands in such a file.
    levels
        Levels of every task, 1, 2 or 3: how far, in bonds, the surroundings of the atoms of OOD
        molecules occur in training.
    potentials
        Names of kinds, or mappings with ``potential``, ``settings``, ``label`` and, in place of the
        study's, ``levels``, ``seeds`` and ``ceiling``.
    seeds
        Seeds of the trainings, such as ``[0, 1, 2]``; each chooses frames and initial parameters.
    train_frames
        Training frames in all, the same for every potential; null takes all there are.
    allow_missing
        Whether to run on a data set that lacks molecules of a task.
    ceiling
        Whether to add, for each task, level, seed and potential, a training under the same frame
        budget with the OOD molecules included. It has the first half of their primary trajectories
        to train on, and is compared with the ordinary training on the second half: the ceiling gap.
    relax_minima
        Whether each potential relaxes the minima of all molecules, so that reaction energies are
        also those of its own minima. This takes some tens of predictions a molecule.
    predictions
        Files of predictions of models that the study does not train (``predictions import``), or
        cards that name such a file (``predictions join``): rows like the others. Paths in a study
        file are relative to it.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> study = mc.Study(name="mine", potentials=["additive", "mace-small"], levels=[1, 2])
    >>> study.tasks
    ('length', 'crossing', 'transfer', 'recombination')
    """

    name: str = Field(pattern=NAME)
    dataset: str = "core-v1"
    tasks: tuple[str | TaskFile, ...] = Field(default=tuple(TASKS), min_length=1)
    levels: tuple[int, ...] = Field(default=(2,), min_length=1)
    potentials: tuple[Annotated[Entry, BeforeValidator(as_entry)], ...] = Field(min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0,), min_length=1)
    train_frames: int | None = Field(default=400, ge=1)
    allow_missing: bool = False
    ceiling: bool = False
    relax_minima: bool = False
    predictions: tuple[Path, ...] = ()

    @property
    def rules(self) -> tuple[Task, ...]:
        """The tasks themselves."""
        return tuple(
            get_task(task) if isinstance(task, str) else remember(FileTask(task, TASKS))
            for task in self.tasks
        )

    def check(self) -> None:
        """Check every name and setting before any work is done.

        Raises
        ------
        UnknownNameError, StudyError, RequestError
            A name or a setting is wrong; the message says which.
        """
        for task, level in product(self.rules, self._all_levels()):
            if not task.has_one_split:
                task.check_level(level)
        for entry in self.potentials:
            entry.resolved()
        self._check_untrained()
        self._check_ceilings()
        self._check_repetition()

    def splits(self) -> Iterator[tuple[SplitKey, tuple[Entry, ...]]]:
        """Yield each split with the potentials that are trained for it."""
        seeds = _union(self.seeds, (entry.seeds for entry in self.potentials))
        for task in self.rules:
            levels = task.levels if task.has_one_split else self._all_levels()
            for level, seed in product(levels, seeds):
                entries = tuple(
                    entry
                    for entry in self.potentials
                    if (task.has_one_split or level in (entry.levels or self.levels))
                    and seed in (entry.seeds or self.seeds)
                )
                if entries:
                    yield SplitKey(task.name, level, seed), entries

    def _all_levels(self) -> tuple[int, ...]:
        return _union(self.levels, (entry.levels for entry in self.potentials))

    def has_ceiling(self, entry: Entry, level: int) -> bool:
        """Whether a potential is trained once more with the OOD molecules of a level included."""
        wanted = self.ceiling if entry.ceiling is None else entry.ceiling
        return level in wanted if isinstance(wanted, tuple) else wanted

    def _check_repetition(self) -> None:
        """Refuse a name or a number that is given twice."""
        _refuse_repeated("tasks", [task.name for task in self.rules])
        _refuse_repeated("levels", self.levels)
        _refuse_repeated("seeds", self.seeds)
        names = [entry.shown for entry in self.potentials]
        _refuse_repeated("potentials", names, "Give each a label of its own.")
        _refuse_repeated("predictions", self.predictions)
        for entry in self.potentials:
            _refuse_repeated(f"levels of {entry.shown}", entry.levels or ())
            _refuse_repeated(f"seeds of {entry.shown}", entry.seeds or ())

    def _check_ceilings(self) -> None:
        """Refuse ceilings at levels that a potential does not have."""
        for entry in self.potentials:
            levels = entry.levels or self.levels
            if isinstance(entry.ceiling, tuple) and (other := set(entry.ceiling) - set(levels)):
                raise StudyError(
                    f"ceilings of {entry.shown} at its levels ({', '.join(map(str, levels))})",
                    f"level {', '.join(map(str, sorted(other)))}",
                )

    def _check_untrained(self) -> None:
        """Refuse what a task that trains on nothing cannot serve."""
        for task in (task.name for task in self.rules if not task.trains):
            if needing := [entry.shown for entry in self.potentials if not entry.is_zero_shot]:
                raise StudyError(
                    f"potentials that were trained elsewhere, for {task!r}, which has nothing to "
                    "train on",
                    ", ".join(needing),
                    f"Leave them out, or leave out {task!r}.",
                )
            if self.ceiling or any(entry.ceiling for entry in self.potentials):
                raise StudyError(
                    f"tasks that train, with ceiling: true, or {task!r} without",
                    f"{task!r} and ceiling: true",
                )


def _refuse_repeated(kind: str, values: Sequence[object], hint: str = "") -> None:
    if repeated := {str(value) for value in values if values.count(value) > 1}:
        raise StudyError(f"{kind} that are named once", f"{', '.join(repeated)} twice", hint)


def _union(first: tuple[int, ...], more: Iterable[tuple[int, ...] | None]) -> tuple[int, ...]:
    """Return the numbers of the study and those of single potentials, each once."""
    return tuple(dict.fromkeys((*first, *(value for values in more for value in values or ()))))


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with the package."""
    folder = files("mlip_compose.data") / "studies"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_study(name: str | Path) -> Study:
    """Load a study of the package by its name, or any by the path of its YAML file.

    Parameters
    ----------
    name
        Name of a study of the package, such as ``quick``, or the path of a study file.

    Raises
    ------
    UnknownNameError
        The name is that of no study and no file; or the file has an unknown key, task or potential.
    StudyError
        The file holds no study; the message says what is wrong.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> study = mc.load_study("quick")
    >>> study.levels
    (2,)
    """
    name = str(name)
    if name in study_names():
        text = (files("mlip_compose.data") / "studies" / f"{name}.yaml").read_text("utf-8")
    elif is_file(Path(name)):
        text = read_text(Path(name), "study")
    else:
        raise UnknownNameError("study or the path of a YAML file", name, study_names())
    study = parse_document(text, Study, "study", name)
    folder = Path(name).parent
    study = study.model_copy(
        update={
            "predictions": tuple(folder / path for path in study.predictions),
            "tasks": tuple(_read(task, folder) for task in study.tasks),
        }
    )
    study.check()
    return study


def _read(task: str | TaskFile, folder: Path) -> str | TaskFile:
    """Return what stands in a task file, with the files that it names, in place of its path."""
    if isinstance(task, TaskFile):
        return with_files_read(task, folder)
    return read_task(folder / task, TASKS).file if task.endswith(SUFFIXES) else task


def with_predictions(study: Study, paths: tuple[Path, ...]) -> Study:
    """Return a study with more files of predictions, or cards that name such files.

    Raises
    ------
    StudyError
        A file is named twice.
    """
    changed = study.model_copy(update={"predictions": (*study.predictions, *paths)})
    changed.check()
    return changed
