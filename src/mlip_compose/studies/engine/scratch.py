"""The scratch directory of the workers of a run on this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import RequestError
from mlip_compose.studies.locks import LOCK, held

PREFIX: Final = "mlip-compose-"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Make a temporary directory, which is removed with the context.

    Those that runs left which were killed are removed first.

    Raises
    ------
    RequestError
        There is no place for one.
    """
    try:
        root = Path(tempfile.gettempdir())
        _remove_left_over(root)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise RequestError(
            "a directory for temporary files that can be written",
            error.strerror or str(error),
            "Make room there, or name another one by the variable TMPDIR.",
        ) from error
    try:
        with ExitStack() as stack:
            with suppress(RequestError):
                stack.enter_context(held(path, wait=True))
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _remove_left_over(root: Path) -> None:
    for path in root.glob(f"{PREFIX}*"):
        with suppress(OSError, RequestError):
            if path.stat().st_uid == os.getuid() and (path / LOCK).is_file():
                with held(path):
                    shutil.rmtree(path, ignore_errors=True)
