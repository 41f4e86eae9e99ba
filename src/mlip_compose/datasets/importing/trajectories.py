"""The trajectory that each imported frame is of, and the reason for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import PRIMARY, SECONDARY
from mlip_compose.store.formats.base import trajectory_word

BY_FRAME: Final = "the frames say so"
BY_DEFAULT: Final = "nothing says another"
BY_SPLIT: Final = "the last frames, by --split"
BY_BLOCKS: Final = "blocks, by --blocks"

_PART: Final = re.compile(r"(?:^|.*_)(?:final|last_step)((?:_[a-z0-9-]+)?)", re.IGNORECASE)
_WHOLE: Final = re.compile(r"(?:^|.*_)total((?:_[a-z0-9-]+)?)", re.IGNORECASE)


class Role(NamedTuple):
    """The trajectory that the frames of a file are of, unless they say another.

    Attributes
    ----------
    trajectory
        ``primary``, ``secondary``, ``minimum``, or empty where nothing says one.
    reason
        Why, in words.
    is_given
        Whether the user says it, so that what frames say does not count.
    """

    trajectory: str
    reason: str
    is_given: bool = False


@dataclass(frozen=True)
class Patterns:
    """Patterns of file names, such as ``*_total.traj``, by which the user says what files are.

    Attributes
    ----------
    primary, secondary
        Files whose frames are of this trajectory.
    leave
        Files that are not read.
    """

    primary: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()

    def role(self, name: str) -> Role:
        """Return the role of a file, by its path from the source.

        Raises
        ------
        RequestError
            Patterns of both trajectories fit.
        """
        given = [
            Role(trajectory, f"{pattern} is --{trajectory}", is_given=True)
            for trajectory, patterns in ((PRIMARY, self.primary), (SECONDARY, self.secondary))
            for pattern in patterns
            if _fits(name, pattern)
        ]
        if len({role.trajectory for role in given}) > 1:
            reasons = " and ".join(role.reason for role in given)
            raise RequestError(f"one trajectory for the frames of {name}", reasons)
        if given:
            return given[0]
        word, trajectory = trajectory_word(Path(name))
        if trajectory:
            return Role(trajectory, f"the name of a file or folder has {word!r}")
        return Role("", BY_DEFAULT)

    def left(self, names: Collection[str]) -> dict[str, str]:
        """Return the files that are not read, each with the reason.

        Those are the files of ``leave``, and in the folders of GMD-26's generator
        (Nourollah/GMD-26) the end of a trajectory, ``X_final.traj`` and ``last_step.traj``, beside
        the whole of it, ``X_total.traj``, unless a pattern takes them.

        Raises
        ------
        RequestError
            A pattern fits no file.
        """
        for option, patterns in (
            ("--primary", self.primary),
            ("--secondary", self.secondary),
            ("--leave", self.leave),
        ):
            for pattern in patterns:
                if not any(_fits(name, pattern) for name in names):
                    some = ", ".join(sorted(names)[:5])
                    raise RequestError(f"files that {option} {pattern} fits", f"none among {some}")
        wholes = {_key(name, whole): name for name in names if (whole := _whole(name)) is not None}
        left = {}
        for name in names:
            fitting = [pattern for pattern in self.leave if _fits(name, pattern)]
            part = _PART.fullmatch(PurePosixPath(name).stem)
            beside = wholes.get(_key(name, part[1])) if part else None
            if fitting:
                left[name] = f"--leave {fitting[0]}"
            elif beside is not None and not self.role(name).is_given:
                left[name] = (
                    f"the end of a trajectory beside the whole, {PurePosixPath(beside).name}; "
                    "--secondary or --primary takes it"
                )
        return left


NOTHING_SAID: Final = Patterns()
"""No patterns are given."""


def _whole(name: str) -> str | None:
    match = _WHOLE.fullmatch(PurePosixPath(name).stem)
    return match[1] if match else None


def _key(name: str, level: str) -> tuple[str, str, str]:
    path = PurePosixPath(name)
    return path.parent.as_posix(), path.suffix, level.lower()


def _fits(name: str, pattern: str) -> bool:
    """Return whether a pattern fits the path of a file from the source, or its name."""
    return fnmatchcase(name, pattern) or fnmatchcase(PurePosixPath(name).name, pattern)


def suggested_patterns(names: Sequence[str]) -> list[str]:
    """Return a pattern for each of some files: from the first underscore of its name on."""
    ends = [PurePosixPath(name).name for name in names]
    return [f"*{end[end.index('_') :]}" if "_" in end.lstrip("_") else end for end in ends]
