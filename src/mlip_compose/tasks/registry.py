"""The tasks by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mlip_compose.errors import UnknownNameError
from mlip_compose.tasks.base import Task
from mlip_compose.tasks.crossing import Crossing
from mlip_compose.tasks.length import Length
from mlip_compose.tasks.recombination import Recombination
from mlip_compose.tasks.transfer import Transfer

TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {task.name: task for task in (Length(), Crossing(), Transfer(), Recombination())}
)


def get_task(name: str) -> Task:
    """Return the task of this name, or raise ``UnknownNameError`` with the nearest one."""
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return TASKS[name]
