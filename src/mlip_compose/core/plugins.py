"""Things by name: those of this program, and those that other packages add through entry points.

A package adds a potential by a table in its ``pyproject.toml``; the other groups work alike::

    [project.entry-points."mlip_compose.potentials"]
    springs = "mlip_springs.potential:KIND"

Entry points are looked at when a name is asked for that this program does not have, or all names
are listed. What they name is imported when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final, TypeVar

from mlip_compose.core.errors import PluginError, one_line

T = TypeVar("T")

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9.+-]*"
"""Names that stand in the names of files as they are."""


@dataclass(frozen=True)
class Plugin:
    """An entry point of another package.

    Attributes
    ----------
    package, version
        Name and version of the distribution, such as ``mlip-springs`` and ``1.2``.
    entry
        The entry point: a name, and ``module:object``.
    """

    package: str
    version: str
    entry: EntryPoint

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def words(self) -> str:
        """The entry point in a message."""
        return f"the entry point {self.entry.name} = {self.entry.value} of the package {self}"


class Registry(Mapping[str, T]):
    """Things by name: the program's own first, then those of other packages.

    Looking at names imports nothing of other packages. A plugin that cannot be used raises
    ``PluginError`` when it is asked for, and stands in the way of nothing else.

    Parameters
    ----------
    kind
        Kind of the things, such as ``potential``.
    group
        Group of the entry points, such as ``mlip_compose.potentials``.
    own
        Things of the program; no other package can take one of their names.
    expected
        What an entry point has to name, such as ``a PotentialKind of this name``.
    fits
        Tells whether an object with its name is that.
    pattern
        What names look like.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        own: Mapping[str, T],
        expected: str,
        fits: Callable[[str, object], bool],
        pattern: str = NAME,
    ) -> None:
        self._kind = kind
        self._group = group
        self._own = own
        self._expected = expected
        self._fits = fits
        self._pattern = pattern
        self._loaded: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name in self._own:
            return self._own[name]
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from (name for name in _plugins(self._group) if name not in self._own)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in _plugins(self._group)

    def plugin(self, name: str) -> Plugin | None:
        """Return the plugin that a name comes from; None of the program's own and unknown ones."""
        if name in self._own or name not in _plugins(self._group):
            return None
        return _plugins(self._group)[name][0]

    def usable(self) -> dict[str, T]:
        """Return all things that can be used, by name."""
        broken = self._broken()
        return {name: self[name] for name in self if name not in broken}

    def problems(self) -> tuple[str, ...]:
        """Return why plugins cannot be used, a sentence a name."""
        taken = [
            str(self._refusal(plugins, f"{name!r}, which is a {self._kind} of mlip-compose"))
            for name, plugins in _plugins(self._group).items()
            if name in self._own
        ]
        return (*self._broken().values(), *taken)

    def _broken(self) -> dict[str, str]:
        reasons = {}
        for name in _plugins(self._group):
            try:
                self[name]
            except PluginError as error:
                reasons[name] = str(error)
        return reasons

    def _load(self, name: str) -> T:
        plugins = _plugins(self._group)[name]
        if len(plugins) > 1:
            raise self._refusal(plugins, f"{name!r} in several packages")
        if not re.fullmatch(self._pattern, name):
            raise self._refusal(plugins, f"the name {name!r}, which is not like {self._pattern}")
        try:
            thing = plugins[0].entry.load()
        except (Exception, SystemExit) as error:  # a module of others may do anything
            raise self._refusal(plugins, one_line(error)) from error
        if not self._fits(name, thing):
            raise self._refusal(plugins, f"{type(thing).__name__} ({thing!r:.80})")
        return thing  # type: ignore[no-any-return]

    def _refusal(self, plugins: tuple[Plugin, ...], found: str) -> PluginError:
        packages = " and ".join(plugin.words for plugin in plugins)
        return PluginError(f"{self._expected} from {packages}", found, plugins[0].package)


@cache
def _plugins(group: str) -> Mapping[str, tuple[Plugin, ...]]:
    """Return the entry points of a group by name, in alphabetical order."""
    plugins: dict[str, tuple[Plugin, ...]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        package = entry.dist
        assert package is not None  # of an entry point that is found by its group
        plugin = Plugin(package.name, package.version, entry)
        plugins[entry.name] = (*plugins.get(entry.name, ()), plugin)
    return plugins
