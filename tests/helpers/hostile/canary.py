"""What shows that code of a data file ran."""

import os

CANARY = "canary-was-here"
"""A file of this name in the working directory means that code of a data file ran."""


class Canary:
    """A pickle of it leaves the canary where it is loaded."""

    def __reduce__(self):
        return os.system, (f"touch {CANARY}",)
