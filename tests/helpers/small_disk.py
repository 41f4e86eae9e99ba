"""A disk that is full, for this process: no file grows beyond some bytes."""

import contextlib
import resource
import signal


@contextlib.contextmanager
def small_files(size):
    """Limit files to ``size`` bytes; what goes beyond fails as on a full disk (EFBIG).

    No fixture: the limit would still hold when pytest writes its own output to a file.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
