"""JSON and YAML made wrong: the value of a key, or at a place of a list, is replaced."""

import copy
import json

import yaml

from hostile.canary import CANARY
from hostile.corrupted_text import (
    FLOATS,
    NAMES,
    NUMBERS,
    WORD,
    mutate_bytes,
    mutate_text,
    one_of,
    replaced,
    some,
)


def nested(depth):
    """Return lists in lists."""
    return [nested(depth - 1)] if depth else []


def anything(rng, depth=0):
    """Return what may stand in a document, and mostly should not."""
    words = ("\ud800", "1", "-1", "1e999", "full", "length", "additive", "H", "OH")
    kinds = (
        lambda: one_of(rng, NUMBERS),
        lambda: one_of(rng, FLOATS),
        lambda: one_of(rng, NAMES),
        lambda: one_of(rng, (None, True, False)),
        lambda: one_of(rng, words),
        lambda: one_of(rng, ([], {})),
        lambda: [anything(rng, depth + 1) for _ in range(int(rng.integers(4)))],
        lambda: {one_of(rng, NAMES): anything(rng, depth + 1) for _ in some(rng, 3)},
        lambda: nested(len(some(rng, 300))),
    )
    return one_of(rng, kinds if depth < 3 else kinds[:6])()


def alike(rng, old):
    """Return another value of the same type."""
    match old:
        case bool():
            return not old
        case int():
            return one_of(rng, (*NUMBERS, -old, old + 1))
        case float():
            return one_of(rng, (*FLOATS[3:], -old, 0.0))
        case str():
            return one_of(rng, (*NAMES, "length", "scale", "done", "id", "\ud800"))
        case list():
            return one_of(rng, ([], old[:1], old + old, old[::-1]))
        case dict():
            return one_of(rng, ({}, dict(list(old.items())[:1])))
    return None


def _keys(place):
    return list(place) if isinstance(place, dict) else list(range(len(place)))


def _deleted(rng, place, key, others):
    del place[key]


def _moved(rng, place, key, others):
    if isinstance(place, dict):
        place[one_of(rng, NAMES)] = place.pop(key)
    else:
        place.reverse()


def _set(value):
    def change(rng, place, key, others):
        place[key] = value(rng, place[key], others)

    return change


ANYTHING = _set(lambda rng, old, others: anything(rng))
ALIKE = _set(lambda rng, old, others: alike(rng, old))
DOCUMENT = (
    ANYTHING,
    ANYTHING,
    _deleted,
    _moved,
    _set(lambda rng, old, others: [copy.deepcopy(old), old]),
    _set(lambda rng, old, others: str(old)),
    _set(lambda rng, old, others: copy.deepcopy(one_of(rng, others))),
)


def _containers(document):
    """Return every mapping and list in a document that is not empty, outer ones first."""
    containers, waiting = [], [document]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list) and item:
            containers.append(item)
            waiting += item.values() if isinstance(item, dict) else item
    return containers


def mutate_document(rng, document, times=3, changes=DOCUMENT):
    """Return a copy of a document after some changes of values and keys."""
    document = copy.deepcopy(document)
    for _ in some(rng, times):
        places = _containers(document)
        if not places:
            return anything(rng)
        # the few outer keys are hit as often as many inner ones
        place = places[min(int(rng.exponential(len(places) / 4)), len(places) - 1)]
        one_of(rng, changes)(rng, place, one_of(rng, _keys(place)), places)
    return document


def mutate_json(rng, text):
    """Return the bytes of a JSON document that was changed as a document, as text, or as bytes."""
    kind = int(rng.integers(5))
    if kind == 0:
        return mutate_text(rng, text) if len(text) < 200_000 else mutate_bytes(rng, text.encode())
    if kind == 1 and rng.integers(4) == 0:
        return one_of(rng, (b"[", b'{"a":')) * int(rng.integers(100, 200_000))
    changes = one_of(rng, (DOCUMENT, (ALIKE,)))
    changed = mutate_document(rng, json.loads(text), times=5, changes=changes)
    return json.dumps(changed).encode("utf-8", "surrogatepass")


def _growing(first, row):
    """Return YAML in which each of ten lines has ten times what the line before it has."""
    lines = [first, *(row(chr(97 + i), chr(98 + i)) for i in range(9))]
    return "".join(f"{line}\n" for line in lines)


BOMBS = (
    _growing(f"a: &a [{'x, ' * 10}]", lambda a, b: f"{b}: &{b} [{f'*{a}, ' * 10}]"),
    _growing("a: &a {k: x}", lambda a, b: f"{b}: &{b} {{<<: [{f'*{a}, ' * 10}]}}"),
    *("&a [*a]\n", "name: &a {b: *a}\n", "settings: &a\n  b: *a\n", "? &a [*a]\n: 1\n"),
    *("[" * 50_000, "{a: " * 20_000, "- " * 20_000 + "x", "? " * 5_000, "&a " * 1000 + "x"),
)
"""YAML that grows without end, eats the stack, or holds itself."""

TAGS = (
    f"!!python/object/apply:os.system ['touch {CANARY}']",
    f"!!python/object/new:os.system ['touch {CANARY}']",
    *("!!python/name:os.system", "!!python/module:os", "!!int ''", "!!int x", "!!bool x"),
    *("!!float ''", "!!timestamp x", "!!binary x", "!!set {a, b}", "!!omap [1]", "!!pairs [[1]]"),
    *("!!null x", "!!str [a]", "!!seq {a: b}", "!!map [a]", "!unknown x", "2001-99-99"),
    *("2001-01-01", "2001-12-14t21:59:43.10-05:00", ".nan", ".inf", "0o17", "0b", "-0x"),
    "190:20:30",
)


def mutate_yaml(rng, text):
    """Return the bytes of a YAML document after changes of its text, its values or its tags."""
    kind = int(rng.integers(8))
    if kind == 0:
        return (one_of(rng, (text, "")) + one_of(rng, BOMBS)).encode()
    if kind <= 2:
        return replaced(rng, text, WORD, lambda rng, cut: one_of(rng, TAGS)).encode()
    if kind <= 5:
        document = mutate_document(rng, yaml.safe_load(text))
        try:
            dumped = yaml.safe_dump(document, allow_unicode=True)
        except (yaml.YAMLError, RecursionError):
            dumped = json.dumps(document)
        return dumped.encode("utf-8", "surrogatepass")
    return mutate_text(rng, text)
