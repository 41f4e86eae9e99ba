"""Tasks of one's own: rules in a YAML file, certified as the built-in ones are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from mlip_compose.core.documents import Strict, canonical_json, parse_document, read_text
from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import HeldOutFrames, Molecule, Split
from mlip_compose.tasks.base import STANDARD_LEVEL, Rule, Task
from mlip_compose.tasks.conditions import Condition
from mlip_compose.tasks.families import Families

SUFFIXES: Final = (".yaml", ".yml")
"""How the name of a task file ends."""

_NAME: Final = r"^[a-z][a-z0-9-]{0,39}$"


def _as_tuple(value: Any) -> Any:
    """Take one condition as a list of one."""
    return [value] if isinstance(value, dict) else value


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
"""Conditions of which one holds, or more."""


class Sides(Strict):
    """The molecules of one level.

    Attributes
    ----------
    train, ood
        Conditions for the molecules that are trained on, and tested on.
    train_frames
        Training frames in all, in place of those of a study or a command: for levels whose labels
        cost as much.
    """

    train: Conditions
    ood: Conditions
    train_frames: int | None = Field(default=None, ge=1)


class TaskFile(Strict):
    """A task as a file says it: molecules by conditions, or a built-in rule with other families.

    Attributes
    ----------
    name
        Name of the task in results: small letters, digits and hyphens.
    summary
        The rule in one sentence.
    frames
        Where validation and the ID test come from. ``secondary``: from the secondary trajectory of
        each training molecule. Where molecules have one trajectory, they are cut from it:
        ``blocks`` takes its end, for frames that follow each other in time; ``random`` takes any
        frames, for conformers that are independent of each other.
    train, ood
        Conditions for the molecules of a task with one level that are trained on, and tested on.
    train_frames
        Training frames in all of a task with one level, in place of those of a study or a command.
    levels
        ``train``, ``ood`` and ``train_frames`` of each level, for a task with several.
    rule
        A built-in task whose rule is taken, with other families.
    families
        Groups of the families that the rule is about; all of the data set where it is not said.
    half_a
        Groups of the families that ``crossing`` trains on short chains.
    held_out
        Groups of the families that ``transfer`` holds out.
    """

    name: str = Field(pattern=_NAME)
    summary: str = ""
    frames: HeldOutFrames = "secondary"
    train: Conditions | None = None
    ood: Conditions | None = None
    train_frames: int | None = Field(default=None, ge=1)
    levels: dict[int, Sides] | None = None
    rule: Literal["length", "crossing", "transfer", "recombination"] | None = None
    families: tuple[str, ...] | None = Field(default=None, min_length=1)
    half_a: tuple[str, ...] | None = Field(default=None, min_length=1)
    held_out: tuple[str, ...] | None = Field(default=None, min_length=1)

    @field_validator("levels", mode="before")
    @classmethod
    def _levels(cls, value: Any) -> Any:
        """Take levels as JSON writes them, as text."""
        if not isinstance(value, dict):
            return value
        return {int(k) if isinstance(k, str) and k.isdecimal() else k: v for k, v in value.items()}

    @model_validator(mode="after")
    def _is_one_kind(self) -> TaskFile:
        kinds = {
            "train and ood": self.train is not None and self.ood is not None,
            "levels": bool(self.levels),
            "rule": self.rule is not None,
        }
        given = [kind for kind, is_given in kinds.items() if is_given]
        half = (self.train is None) != (self.ood is None)
        if len(given) != 1 or half:
            names = " and ".join(given) if given else "neither"
            raise ValueError(f"expected train and ood, or levels, or rule; found {names}")
        if self.levels and min(self.levels) < 0:
            raise ValueError(f"expected levels of 0 or more; found {min(self.levels)}")
        settings = {
            "families": (self.families, ("length", "crossing", "transfer", "recombination")),
            "half_a": (self.half_a, ("crossing",)),
            "held_out": (self.held_out, ("transfer",)),
        }
        if self.train_frames is not None and self.train is None:
            raise ValueError("expected train_frames beside train and ood; found it without")
        for name, (value, rules) in settings.items():
            if value is not None and self.rule not in rules:
                raise ValueError(f"expected {name} with rule: {' or '.join(rules)}; found none")
        return self


class FileTask(Task):
    """A task of a file.

    Parameters
    ----------
    file
        Its document, the files that it names read.
    built_in
        The built-in tasks by name.
    """

    tradition: ClassVar[str] = "of one's own"

    def __init__(self, file: TaskFile, built_in: Mapping[str, Task]) -> None:
        self.file = file
        self.name = file.name  # type: ignore[misc]  # of the class, where tasks are built in
        self.frames = file.frames  # type: ignore[misc]
        self._base = built_in[file.rule] if file.rule else None
        if file.levels:
            self._sides = dict(sorted(file.levels.items()))
        elif file.train is not None and file.ood is not None:
            only = Sides(train=file.train, ood=file.ood, train_frames=file.train_frames)
            self._sides = {STANDARD_LEVEL: only}
        else:
            self._sides = {}
        self.has_one_split = self._base is None and not file.levels
        self.levels = self._base.levels if self._base else tuple(self._sides)  # type: ignore[misc]
        base = f"{self._base.name} with other families" if self._base else "molecules by conditions"
        self.summary = file.summary or base  # type: ignore[misc]
        # A training on the task of another document is another one.
        document = file.model_dump(mode="json", exclude_defaults=True, exclude={"summary"})
        self.digest = hashlib.sha256(canonical_json(document).encode()).hexdigest()[:16]

    def rule(self, families: Families, level: int) -> Rule:
        """Return what the built-in rule asks for."""
        assert self._base is not None  # a task by conditions splits without a rule
        return self._base.rule(families.changed(self.file.half_a, self.file.held_out), level)

    def split(self, molecules: Iterable[Molecule], level: int) -> Split:
        """Split molecules by the conditions of a level, or by a built-in rule.

        Raises
        ------
        RequestError
            The task has no such level; a name, a SMILES or a family is that of no molecule; no
            molecule, or the same molecule, is in both parts.
        """
        every = sorted(molecules, key=lambda molecule: molecule.name)
        if self._base is not None:
            self._check_groups(every)
            chosen = self.file.families
            own = [m for m in every if chosen is None or _is_among(m, chosen)]
            return replace(super().split(own, level), is_of_file=True)
        self.check_level(level)
        sides = self._sides[level]
        train, ood = (
            self._chosen("train", sides.train, every),
            self._chosen("ood", sides.ood, every),
        )
        if both := sorted(set(train) & set(ood)):
            raise RequestError(
                f"molecules of the task {self.name!r}, level {level}, in train or in ood",
                f"{', '.join(both[:5])}{', ...' if len(both) > 5 else ''} in both",
                "Take them out of one, with `without`.",
            )
        return Split(
            self.name,
            level,
            train,
            ood,
            frames=self.frames,
            train_frames=sides.train_frames,
            is_of_file=True,
        )

    def _chosen(
        self, part: str, conditions: Iterable[Condition], molecules: list[Molecule]
    ) -> tuple[str, ...]:
        """Return the names of the molecules for which one of the conditions holds."""
        names: set[str] = set()
        for number, condition in enumerate(conditions, 1):
            where = f"condition {number} of {part} in the task {self.name!r}"
            if unmatched := condition.unmatched(molecules):
                raise RequestError(
                    f"molecules of the data set for all that {where} names",
                    f"none for {', '.join(unmatched[:5])}{', ...' if len(unmatched) > 5 else ''}",
                )
            own = condition.chosen(molecules)
            if not own:
                raise RequestError(f"a molecule of the data set for {where}", "none")
            names |= {molecule.name for molecule in own}
        return tuple(sorted(names))

    def _check_groups(self, molecules: list[Molecule]) -> None:
        """Refuse a group that the data set has no family of."""
        families = Families.among(molecules).lengths
        for name in ("families", "half_a", "held_out"):
            for group in getattr(self.file, name) or ():
                if group not in families:
                    raise RequestError(
                        f"families of the data set in {name} of the task {self.name!r}: "
                        f"{', '.join(families) or 'it has none'}",
                        group,
                    )


def _is_among(molecule: Molecule, groups: Iterable[str]) -> bool:
    return molecule.parts is not None and {molecule.parts.left, molecule.parts.right} <= {
        *groups,
        "H",
    }


def read_task(path: Path, built_in: Mapping[str, Task]) -> FileTask:
    """Read a task file.

    Raises
    ------
    RequestError
        The file, or one that it names, is not there or is no such file; the message says what is
        wrong.
    """
    file = parse_document(
        read_text(path, "task file", RequestError), TaskFile, "task", str(path), RequestError
    )
    return FileTask(with_files_read(file, path.parent), built_in)


def with_files_read(file: TaskFile, folder: Path) -> TaskFile:
    """Return a task file with the SMILES of the files that it names in their place."""

    def read(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(condition.with_files_read(folder) for condition in conditions)

    changes: dict[str, Any] = {}
    if file.train is not None and file.ood is not None:
        changes |= {"train": read(file.train), "ood": read(file.ood)}
    if file.levels:
        changes["levels"] = {
            level: sides.model_copy(update={"train": read(sides.train), "ood": read(sides.ood)})
            for level, sides in file.levels.items()
        }
    return file.model_copy(update=changes)


TEMPLATE: Final = """\
# A task of your own: which molecules of a data set are trained on, and which are tested on.
# See what it does:    mlip-compose tasks show FILE --molecules DATASET
# and whether it is feasible:  mlip-compose tasks certify FILE --molecules DATASET

name: NAME
summary: train on molecules of at most 6 heavy atoms, test on larger ones

# Where validation and the ID test come from:
#   secondary  the second trajectory of each training molecule, as in the data sets of the benchmark
#   blocks     the end of its only trajectory: frames that follow each other in time
#   random     any frames of its only trajectory: conformers that are independent of each other
frames: secondary

# A molecule is in a part if one of the conditions of the part holds for it. Within a condition all
# that is said must hold. No molecule may be in both parts.
train:
  - heavy_atoms: {most: 6}
ood:
  - heavy_atoms: {least: 7}
    # names: ["OH-*-H"]           patterns of names
    # smiles: [CCO, CCBr]         these molecules
    # file: mine.smi              the molecules of a file, one SMILES in a line
    # family: [OH, "*Br"]         families of the series X-(CH2)n-H by their group
    # chain: {least: 7, most: 12} lengths of the chain of CH2
    # elements: [H, C, O]         no other elements
    # smarts: "[R]"               a pattern that occurs in the molecule: here a ring
    # without: {smarts: "[Cl]"}   a condition that does not hold

# train_frames: 400               training frames in all, in place of a study's

# Several levels, in place of train and ood:
# levels:
#   1: {train: [{chain: {most: 2}}], ood: [{chain: {least: 7}}]}
#   2: {train: [{chain: {most: 4}}], ood: [{chain: {least: 7}}]}

# Or a built-in rule with other families, in place of train and ood:
# rule: transfer
# families: [H, OH, NH2, "*Br"]
# held_out: ["*Br"]
"""
"""The file that ``mlip-compose tasks new`` writes; NAME stands for the name."""
