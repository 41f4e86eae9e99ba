"""Whether an error says that there was too little memory."""

from __future__ import annotations

from typing import Final

SAID_BY_TORCH: Final = ("can't allocate memory", "out of memory")
"""Parts of the messages of its RuntimeErrors, of the CPU and of GPUs."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is one of memory, by its class or by what torch writes."""
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(text in said for text in SAID_BY_TORCH)
