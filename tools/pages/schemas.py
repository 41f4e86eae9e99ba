"""Keys of a pydantic model with type, default and meaning."""

import inspect
import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pages.markdown import code, prose, sentence, table


@dataclass(frozen=True)
class Key:
    """A key as a row of a table; all texts are Markdown."""

    name: str
    type: str
    default: str
    meaning: str


def keys_of(model: type[BaseModel], prefix: str = "") -> list[Key]:
    """Return the keys of a model, those of models within it with a dot.

    Raises
    ------
    SystemExit
        A key has neither a description nor a line under ``Attributes`` in its model's docstring.
    """
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    if "$ref" in schema:  # a model that holds itself
        schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
    said = attributes_of(model)
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        within = field.annotation
        if isinstance(within, type) and issubclass(within, BaseModel):
            keys += keys_of(within, f"{prefix}{name}.")
            continue
        meaning = field.description or said.get(name)
        if not meaning:
            raise SystemExit(f"{model.__name__}.{name} has no description")
        document = schema["properties"][name]
        default = "required" if field.is_required() else code(_default(document))
        kind = words(document, definitions)
        keys.append(Key(f"{prefix}{name}", kind, default, sentence(prose(meaning))))
    return keys


def table_of(keys: list[Key]) -> str:
    """Return keys as a table."""
    return table(
        ("key", "type", "default", "meaning"),
        ((code(key.name), key.type, key.default, key.meaning) for key in keys),
    )


def attributes_of(model: type) -> dict[str, str]:
    """Return what docstrings of a model and its bases say under ``Attributes`` (numpydoc)."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        text = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        section = re.search(r"^Attributes\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.S | re.M)
        if section is None:
            continue
        for item in re.finditer(r"^(\S[^\n]*)\n((?:[ \t]+[^\n]*\n?|\n)+)", section[1], re.M):
            for name in item[1].split(":")[0].split(","):
                found[name.strip()] = item[2]
    return found


def words(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return a JSON schema in words."""
    if "$ref" in schema:
        return words(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:
        kinds = list(dict.fromkeys(words(each, definitions) for each in schema["anyOf"]))
        return ("; or " if any("," in kind for kind in kinds) else " or ").join(kinds)
    if "enum" in schema:
        return " or ".join(code(each) for each in schema["enum"])
    if "const" in schema:
        return f"only {code(schema['const'])}"
    kind = schema.get("type")
    if kind == "array":
        of = words(schema["items"], definitions) if "items" in schema else "values"
        return f"list of {_plural(of)}" + ("; not empty" if schema.get("minItems") else "")
    if kind == "object":
        return "mapping"
    names = {"integer": "integer", "number": "number", "string": "text", "boolean": "true or false"}
    shown = "path" if schema.get("format") == "path" else names.get(str(kind), str(kind))
    bounds = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "below"),
    )
    limits = [f"{word} {schema[key]:g}" for key, word in bounds if key in schema]
    return ", ".join([shown, *limits])


def _plural(kind: str) -> str:
    name, comma, rest = kind.partition(",")
    plural = f"{name}s" if name.isalpha() else name
    return f"{plural} ({rest.strip()})" if comma else plural


def _default(document: dict[str, Any]) -> str:
    value = document.get("default", {} if document.get("type") == "object" else None)
    return json.dumps(value, ensure_ascii=False)
