"""Recipes: which molecules a data set holds, labelled by what and sampled how."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlip_compose.errors import StudyError, UnknownNameError
from mlip_compose.molecules.assembly import assemble, parse_name
from mlip_compose.molecules.series import bifunctional, full, monofunctional
from mlip_compose.records import Molecule
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.store.checksum import canonical_json

SETS: Final = ("full", "monofunctional", "bifunctional")


class Recipe(BaseModel):
    """How a data set is made.

    Attributes
    ----------
    name
        Of the data set.
    molecules
        ``full`` (the 254 molecules of the four tasks), ``monofunctional``, ``bifunctional``, or a
        list of names such as ``OH-4-H``.
    reference
        Name of the level of theory.
    sampling
        The protocol.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    molecules: Literal["full", "monofunctional", "bifunctional"] | tuple[str, ...] = "full"
    reference: str = "gfn2-xtb"
    sampling: SamplingProtocol = SamplingProtocol()

    def selected(self) -> tuple[Molecule, ...]:
        """Return the molecules, assembled.

        Raises
        ------
        UnknownNameError, NotOfThisKindError
            For a name that the grammar cannot make.
        """
        if self.molecules == "full":
            return full()
        if self.molecules == "monofunctional":
            return tuple(assemble(parts) for parts in monofunctional())
        if self.molecules == "bifunctional":
            return tuple(assemble(parts) for parts in bifunctional())
        unique = dict.fromkeys(parse_name(name) for name in self.molecules)
        return tuple(assemble(parts) for parts in unique)

    @property
    def digest(self) -> str:
        """Short sha256 of everything in the recipe."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()[
            :12
        ]


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with the package."""
    folder = files("mlip_compose.data") / "recipes"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_recipe(name: str) -> Recipe:
    """Load a recipe of the package by its name, or any by the path of its YAML file.

    Raises
    ------
    UnknownNameError
        Neither a known recipe nor an existing file.
    StudyError
        Not a recipe; says which key is wrong.
    """
    if name in recipe_names():
        text = (files("mlip_compose.data") / "recipes" / f"{name}.yaml").read_text("utf-8")
        return parse_recipe(text, name)
    path = Path(name)
    if not path.is_file():
        raise UnknownNameError("recipe or the path of a YAML file", name, recipe_names())
    try:
        return parse_recipe(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"a readable recipe {path}", str(error)) from error


def parse_recipe(text: str, where: str) -> Recipe:
    """Parse the YAML text of a recipe (see ``load_recipe``)."""
    try:
        document: Any = yaml.safe_load(text)
        return Recipe.model_validate(document)
    except yaml.YAMLError as error:
        raise StudyError(f"YAML in {where}", " ".join(str(error).split())) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the document"
        raise StudyError(f"a recipe in {where}", f"{key}: {first['msg']}") from error
