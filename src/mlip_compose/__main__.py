"""The command ``mlip-compose``, also as ``python -m mlip_compose``: errors and signals end here.

Nothing that takes long is imported before signals are heeded.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

from mlip_compose.core.interruption import Interrupted, interruptible, told_to_end

NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """Run the command; a request that cannot be served ends with status 2 and one message."""
    try:
        with interruptible():
            _run()
    except BaseException as error:
        signal = error if isinstance(error, Interrupted) else told_to_end()
        if signal is None or (isinstance(error, SystemExit) and not error.code):
            raise
        sys.stderr.write(f"{signal}\n")
        sys.exit(signal.status)


def _run() -> None:
    """Run the command, which ends by SystemExit; imports take most of the time of a short one."""
    from mlip_compose.cli.app import app
    from mlip_compose.cli.output import REFUSED, refuse
    from mlip_compose.core.errors import RequestError, UnwritableError

    try:
        app()
    except RequestError as error:
        sys.exit(REFUSED if told_to_end() else refuse(error))
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        if error.filename is None:  # results go to a file that stdout is
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(refuse(UnwritableError(Path(error.filename or "the standard output"), error)))


if __name__ == "__main__":
    main()
