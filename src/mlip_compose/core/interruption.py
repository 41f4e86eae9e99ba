"""Signals that end a command: Ctrl-C, ``kill``, a batch system's limit, a terminal that closes.

Python by itself makes an exception of Ctrl-C alone, which libraries catch, and lets the others end
the process where it stands: jobs of a batch system would go on, and temporary files stay.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
PATIENCE: Final = 15.0
"""Seconds after which a process that was told to end does so at once; batch systems kill after 30.

Until then it closes what it opened."""
AGAIN: Final = 0.01  # s
SHOW_CURSOR: Final = "\x1b[?25h"


class Interrupted(BaseException):
    """The process was told to end.

    Parameters
    ----------
    number
        Number of the signal, such as 15 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(str(self))

    @property
    def status(self) -> int:
        """Exit status by the custom of shells."""
        return 128 + self.number

    def __str__(self) -> str:
        cause = {
            signal.SIGINT: "interrupted",
            signal.SIGTERM: "told to end (SIGTERM)",
        }.get(signal.Signals(self.number), "the terminal was closed")
        return f"{cause}; what was finished is kept, run again to go on"


class _State:
    """The state of the handler, of which a process has one."""

    waiting: int = 0
    """Number of open contexts of ``sheltered``."""
    noted: int = 0
    """The signal that came while one was open; 0 for none."""
    ending: int = 0
    """The signal that the process ends by; 0 for none."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted in this context, in the main thread, at the first signal to end.

    A second Ctrl-C ends the process at once, and so does patience that runs out. Signals that
    whoever started the process has switched off (``nohup``) stay so.
    """
    before: dict[int, Any] = {}
    for number in SIGNALS if threading.current_thread() is threading.main_thread() else ():
        if signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, _handle)
    hook, sys.unraisablehook = sys.unraisablehook, _raise_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        if not _State.ending:
            for number, handler in before.items():
                signal.signal(number, handler)
            atexit.register(_end_as_others, tuple(before))


@contextmanager
def sheltered() -> Iterator[None]:
    """Let signals to end wait until this context is left.

    Processes and threads that are started in it never see Ctrl-C, or that a terminal was closed,
    which the whole group of processes is told: it is for the one that started them to end them.
    """
    from multiprocessing import resource_tracker  # 40 ms, in which no signal would be caught

    unseen = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, unseen)
    _State.waiting += 1
    try:
        resource_tracker.ensure_running()  # lifts the block of the thread that starts it
        signal.pthread_sigmask(signal.SIG_BLOCK, unseen)
        yield
    finally:
        _State.waiting -= 1
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if _State.noted and not _State.waiting:
            number, _State.noted = _State.noted, 0
            _raise(number)


def _handle(number: int, frame: FrameType | None) -> None:
    if _State.ending:
        if number == signal.SIGINT:
            _end_now(number)
    elif _State.waiting:
        _State.noted = _State.noted or number
    else:
        _raise(number)


def told_to_end() -> Interrupted | None:
    """Return the signal that the process ends by; None where there was none.

    The exception of that signal may be lost: code in C replaces it by errors of its own.
    """
    return Interrupted(_State.ending) if _State.ending else None


def _raise_again(unraisable: Any) -> None:
    """Raise Interrupted once more where Python dropped it, as in a destructor."""
    if not isinstance(unraisable.exc_value, Interrupted):
        sys.__unraisablehook__(unraisable)
        return
    number = unraisable.exc_value.number
    timer = threading.Timer(AGAIN, _again, (number,))
    timer.daemon = True
    timer.start()


def _again(number: int) -> None:
    _State.ending = 0
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, number)  # a flag alone would not wake a thread that sleeps


def _raise(number: int) -> None:
    _State.ending = number
    deadline = threading.Timer(PATIENCE, _end_now, (number,))
    deadline.daemon = True
    deadline.start()
    raise Interrupted(number)


def _end_as_others(numbers: tuple[int, ...]) -> None:
    """Let signals end a process that is ending anyway, without Python's traceback."""
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)


def _end_now(number: int) -> None:
    """End the process, and with it the workers that watch whether it lives."""
    cursor = SHOW_CURSOR if sys.stderr.isatty() else ""
    os.write(2, f"{cursor}{Interrupted(number)}\n".encode())
    os._exit(Interrupted(number).status)
