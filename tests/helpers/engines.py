"""Engines that tests share, so that processes start once; ``tests/conftest.py`` ends them."""

import os
import sys
from functools import partial

from mlip_compose.core.scratch import Done, do_unit
from mlip_compose.datasets.probing import try_reference
from mlip_compose.engine.choice import local_engine
from mlip_compose.engine.local import ONE_THREAD

ONE = local_engine(1)
TWO = local_engine(2)


class InThisProcess:
    """Does units in this process, so that tests can reach in.

    ``instead`` stands for the work, but not for the trial of a reference that goes before it.
    """

    def __init__(self, instead=None):
        self._instead = instead

    def run(self, work, items, *_):
        instead = None if work is try_reference else self._instead
        return ((item, (instead or work)(item)) for item in items)


class SharedEngine:
    """Stands for the engine of a command: its processes are those of ``ONE`` or ``TWO``.

    A unit finds the directory, the environment and the path of modules as new processes would.
    """

    def __init__(self, processes, keep_scratch=False):
        self._engine = ONE if processes == 1 else TWO
        self._keep = keep_scratch

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, work, items, *options, **more):
        surroundings = os.getcwd(), dict(os.environ) | dict(ONE_THREAD), list(sys.path)  # noqa: PTH109
        within = partial(_within, surroundings, self._keep, work)
        for item, outcome in self._engine.run(within, items, *options, **more):
            yield item, outcome.told() if isinstance(outcome, Done) else outcome


def _within(surroundings, keep, work, item):
    folder, environment, sys.path = surroundings
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return do_unit(work, item, keep)
