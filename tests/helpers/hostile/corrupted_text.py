"""Bytes and texts made wrong, as accidents do it and as attackers do it.

A table has the changes. A change is a function of a generator and of what stands at a place: some
bytes, a word, a line, a letter. Everything follows from a NumPy generator, so that a case is known
by its seed.
"""

import re
import struct

NUMBERS = (0, -1, 1, 2, 7, 255, 256, 65536, 2**31 - 1, 2**31, 2**63 - 1, 2**64, -(2**63), 10**30)
FLOATS = (float("nan"), float("inf"), float("-inf"), 1e308, 1e-320, -0.0, 1e39, 0.5)
PATHS = (
    *("", " ", ".", "..", "../x", "../../../../var/x", "/etc/passwd", "/dev/zero", "C:\\x"),
    *("a/b", "a\\b", "a\0b", "-rf", "~root/x", "a\nb", "\u202ex", "💥", "é" * 300, "x" * 5000),
)
MARKUP = ("<script>alert(1)</script>", "{{ 7 * 7 }}", "%s%n", "[bold red]x[/bold]", "nan", "null")
NAMES = PATHS + MARKUP


def one_of(rng, things):
    """Choose one of a sequence."""
    return things[int(rng.integers(len(things)))]


def some(rng, most):
    """Return a range of 1 to ``most`` numbers."""
    return range(int(rng.integers(1, most + 1)))


# --- bytes: a run of bytes is replaced


def _flipped(rng, cut):
    at = int(rng.integers(len(cut)))
    return cut[:at] + bytes([cut[at] ^ 1 << int(rng.integers(8))]) + cut[at + 1 :]


def _length(rng, cut):
    """Return a length or an offset that is not true."""
    number = one_of(rng, (0, 1, 2**16, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1))
    size = one_of(rng, (4, 8))
    return struct.pack(one_of(rng, ("<Q", ">Q")), number)[:size] + cut[size:]


BYTES = (
    _flipped,
    _flipped,
    _length,
    lambda rng, cut: b"",
    lambda rng, cut: cut * (1 + len(some(rng, 4))),
    lambda rng, cut: cut[::-1],
    lambda rng, cut: one_of(rng, (b"\0", b"\xff", b" ", b"9", b"\n")) * len(cut),
    lambda rng, cut: cut + rng.bytes(len(some(rng, 64))),
)


def mutate_bytes(rng, data):
    """Return a file's bytes after one to three accidents; one of five is at its end."""
    for _ in some(rng, 3):
        start = int(rng.integers(len(data) + 1))
        end = start + one_of(rng, (1, 1, 8, 64, len(data)))
        cut = data[start:end] or b"\0"
        data = data[:start] + one_of(rng, BYTES)(rng, cut) + data[end:]
    return data


# --- text: a word, a line or a letter is replaced

WORD, LINE, LETTER = (re.compile(text) for text in (r"[^\s,:=\[\]{}\"']+", r".*\n", r"(?s:.)"))
LETTERS = ("\0", "\r", "\t", '"', "'", "{", "}", "[", "]", ":", "&a ", "*a", "é", "")
WORDS = (
    lambda rng: str(one_of(rng, NUMBERS)),
    lambda rng: str(one_of(rng, FLOATS)),
    lambda rng: one_of(rng, NAMES),
    lambda rng: one_of(rng, ("9" * 5000, "0x" + "f" * 5000, "1:" * 300 + "1", "1e999", "1_0")),
    lambda rng: one_of(rng, ("T", "F", "true", "~", "_JSON [1", "!!python/name:os.system")),
)
TEXT = (
    (WORD, lambda rng, cut: one_of(rng, WORDS)(rng)),
    (WORD, lambda rng, cut: one_of(rng, WORDS)(rng)),
    (LINE, lambda rng, cut: ""),
    (LINE, lambda rng, cut: cut * 2),
    (LINE, lambda rng, cut: cut[: int(rng.integers(len(cut)))]),
    (LINE, lambda rng, cut: cut[::-1]),
    (LETTER, lambda rng, cut: one_of(rng, LETTERS) + one_of(rng, ("", cut))),
    (LETTER, lambda rng, cut: one_of(rng, ("x", "9", " ", "[", "{", '"', "=", "a=1 ")) * 20_000),
)
ENCODED = (
    lambda text: text.encode("utf-16", "replace"),
    lambda text: text.encode("utf-32", "replace"),
    lambda text: text.encode("utf-7", "replace"),
    lambda text: text.encode("utf-8-sig", "replace"),
    lambda text: text.encode("utf-8", "replace").replace(b"\n", b"\r\n"),
    lambda text: text.encode("utf-8", "replace").replace(b"\n", b"\r"),
)


def replaced(rng, text, pattern, replacement):
    """Replace one match of a pattern by ``replacement(rng, match)``."""
    places = [match.span() for match in pattern.finditer(text)]
    if not places:
        return text
    start, end = one_of(rng, places)
    return text[:start] + replacement(rng, text[start:end]) + text[end:]


def mutate_text(rng, text):
    """Return the bytes of a text after one to three changes of words, lines or letters."""
    for _ in some(rng, 3):
        text = replaced(rng, text, *one_of(rng, TEXT))
    kind = int(rng.integers(12))
    if kind == 0:
        return one_of(rng, ENCODED)(text)
    data = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(rng, data) if kind == 1 else data
