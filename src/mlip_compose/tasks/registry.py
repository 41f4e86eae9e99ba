"""The tasks by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mlip_compose.core.errors import UnknownNameError
from mlip_compose.tasks.base import Task
from mlip_compose.tasks.crossing import Crossing
from mlip_compose.tasks.length import Length
from mlip_compose.tasks.recombination import Recombination
from mlip_compose.tasks.transfer import Transfer
from mlip_compose.tasks.whole import Whole

TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {task.name: task for task in (Length(), Crossing(), Transfer(), Recombination())}
)
"""The four tasks that train, in the order of reports."""


UNTRAINED: Final[Mapping[str, Task]] = MappingProxyType({task.name: task for task in (Whole(),)})
"""Tasks that train on nothing, for potentials that were trained elsewhere; no study's default."""


def get_task(name: str) -> Task:
    """Return the task of this name, or raise ``UnknownNameError`` with the nearest one."""
    known = {**TASKS, **UNTRAINED}
    if name not in known:
        raise UnknownNameError("task", name, known)
    return known[name]
