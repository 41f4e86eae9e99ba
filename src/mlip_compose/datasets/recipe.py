"""Recipes: the molecules of a data set, their sampling, and the reference of their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from mlip_compose.core.documents import Strict, canonical_json, is_file, parse_document, read_text
from mlip_compose.core.errors import UnknownNameError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.series import bifunctional, monofunctional, parse_name
from mlip_compose.sampling.protocol import SamplingProtocol

DATASET_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class Recipe(Strict):
    """The recipe of a data set.

    Attributes
    ----------
    name
        Name of the data set.
    molecules
        ``full`` (the 254 molecules of the four tasks), ``monofunctional``, ``bifunctional``, or a
        list of names such as ``OH-4-H``.
    reference
        Name of the level of theory.
    reference_settings
        Settings of the reference that differ from its defaults.
    sampling
        The sampling protocol.
    """

    name: str = Field(pattern=DATASET_NAME)
    molecules: Literal["full", "monofunctional", "bifunctional"] | tuple[str, ...] = "full"
    reference: str = "gfn2-xtb"
    reference_settings: dict[str, Any] = Field(default_factory=dict)
    sampling: SamplingProtocol = SamplingProtocol()

    def selected(self) -> tuple[Molecule, ...]:
        """Return the molecules, assembled.

        Raises
        ------
        UnknownNameError, NotOfThisKindError
            The grammar makes no molecule of such a name.
        """
        if self.molecules == "full":
            return full()
        if self.molecules == "monofunctional":
            return tuple(assemble(parts) for parts in monofunctional())
        if self.molecules == "bifunctional":
            return tuple(assemble(parts) for parts in bifunctional())
        unique = dict.fromkeys(parse_name(name) for name in self.molecules)
        return tuple(assemble(parts) for parts in unique)

    def restricted(self, names: Iterable[str]) -> Recipe:
        """Return the recipe for some of its molecules; their frames stay the same.

        Raises
        ------
        UnknownNameError, NotOfThisKindError
            The recipe has no molecule of such a name.
        """
        names_of_recipe = [molecule.name for molecule in self.selected()]
        chosen = tuple(parse_name(name).name for name in names)
        for name in chosen:
            if name not in names_of_recipe:
                kind = f"molecule of the recipe {self.name}"
                raise UnknownNameError(kind, name, names_of_recipe)
        return self.model_copy(update={"molecules": chosen})

    @property
    def digest(self) -> str:
        """Short sha256 of everything in the recipe, which names the folder of its parts."""
        # a recipe without settings has the digest of the time before recipes had this key
        document = self.model_dump(mode="json")
        if not self.reference_settings:
            del document["reference_settings"]
        return hashlib.sha256(canonical_json(document).encode()).hexdigest()[:12]


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with the package."""
    folder = files("mlip_compose.data") / "recipes"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def load_recipe(name: str) -> Recipe:
    """Load a recipe of the package by its name, or any recipe by the path of its YAML file.

    Raises
    ------
    UnknownNameError
        There is neither a recipe of the package nor a file of this name.
    StudyError
        The document is no recipe; the message names the key that is wrong.
    """
    if name in recipe_names():
        text = (files("mlip_compose.data") / "recipes" / f"{name}.yaml").read_text("utf-8")
        return parse_document(text, Recipe, "recipe", name)
    path = Path(name)
    if not is_file(path):
        raise UnknownNameError("recipe or the path of a YAML file", name, recipe_names())
    return parse_document(read_text(path, "recipe"), Recipe, "recipe", name)
