"""Engines that tests share, so that processes start once; ``tests/conftest.py`` ends them."""

from mlip_compose.engine.choice import local_engine

ONE = local_engine(1)
TWO = local_engine(2)


class InThisProcess:
    """Does units in this process, so that tests can reach in; ``instead`` stands for the work."""

    def __init__(self, instead=None):
        self._instead = instead

    def run(self, work, items, *_):
        return ((item, (self._instead or work)(item)) for item in items)
