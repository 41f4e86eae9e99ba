"""Recipes: the molecules of a data set, their sampling, and the reference of their labels."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from mlip_compose.core.documents import Strict, canonical_json, is_file, parse_document, read_text
from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.core.files import refuse_existing, write_text
from mlip_compose.core.plain_yaml import write_yaml
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import assemble, find_molecule, full
from mlip_compose.molecules.series import bifunctional, monofunctional
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.store.schema import group_name, is_closed

DATASET_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def check_dataset_name(name: str, hint: str = "") -> None:
    """Raise RequestError where a data set cannot have this name."""
    if not re.fullmatch(DATASET_NAME, name):
        raise RequestError("a name of letters, digits, '.', '_' and '-'", repr(name), hint)


class Recipe(Strict):
    """The recipe of a data set.

    Attributes
    ----------
    name
        Name of the data set.
    molecules
        ``full`` (the 254 molecules of the four tasks), ``monofunctional``, ``bifunctional``, or a
        list of names such as ``OH-4-H`` and of SMILES, which a name may follow: ``c1ccccc1
        benzene``.
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
        RequestError
            A text is no name of a series and no SMILES, or two molecules have one name.
        """
        if self.molecules == "full":
            return full()
        if self.molecules == "monofunctional":
            return tuple(assemble(parts) for parts in monofunctional())
        if self.molecules == "bifunctional":
            return tuple(assemble(parts) for parts in bifunctional())
        molecules: dict[str, Molecule] = {}
        for molecule in map(_molecule, self.molecules):
            other = molecules.setdefault(molecule.name, molecule)
            if other.smiles != molecule.smiles:
                raise RequestError(
                    f"one molecule of the name {molecule.name!r} in the recipe {self.name}",
                    f"{other.smiles} and {molecule.smiles}",
                )
        return tuple(molecules.values())

    def restricted(self, names: Iterable[str]) -> Recipe:
        """Return the recipe for some of its molecules; their frames stay the same.

        Raises
        ------
        UnknownNameError, NotOfThisKindError
            The recipe has no molecule of such a name.
        """
        of_recipe = {molecule.name: molecule for molecule in self.selected()}
        written = []
        for text in names:
            name = text if text in of_recipe else _molecule(text).name
            if name not in of_recipe:
                raise UnknownNameError(f"molecule of the recipe {self.name}", name, of_recipe)
            molecule = of_recipe[name]
            written.append(name if molecule.parts else f"{molecule.smiles} {name}")
        return self.model_copy(update={"molecules": tuple(written)})

    @classmethod
    def of_molecules(cls, name: str, molecules: Iterable[Molecule]) -> Recipe:
        """Return the recipe of some molecules, of the default reference and as many frames each.

        Parameters
        ----------
        name
            Name of the data set.
        molecules
            One of the ten groups' series is written by its parts, another by its SMILES and its
            name. One that is called by its SMILES is given a systematic name when it is read.

        Raises
        ------
        RequestError
            The name does not fit, or there is no molecule.
        """
        check_dataset_name(name)
        written: dict[str, str] = {}
        for molecule in molecules:
            given = "" if molecule.name == molecule.smiles else molecule.name
            text = f"{molecule.smiles} {given}".strip()
            if is_closed(molecule) and molecule.parts:
                text = molecule.parts.name
            own = _molecule(text).name
            if own in written:  # tautomers share an InChIKey, and so a systematic name
                own = next(new for n in count(2) if (new := f"{own}-{n}") not in written)
                text = f"{molecule.smiles} {own}"
            written[own] = text
        if not written:
            raise RequestError("molecules for a recipe", "none")
        usual = SamplingProtocol()  # it takes molecules of two end groups for tests alone
        sampling = SamplingProtocol(
            bifunctional_primary=usual.primary, bifunctional_secondary=usual.secondary
        )
        return cls(name=name, molecules=tuple(written.values()), sampling=sampling)

    @property
    def digest(self) -> str:
        """Short sha256 of everything in the recipe, which names the folder of its parts."""
        # a recipe without settings has the digest of the time before recipes had this key
        document = self.model_dump(mode="json")
        if not self.reference_settings:
            del document["reference_settings"]
        return hashlib.sha256(canonical_json(document).encode()).hexdigest()[:12]


def _molecule(text: str) -> Molecule:
    """Return the molecule that a text names, under a name that a data set can have."""
    molecule = find_molecule(text)
    if molecule.parts:
        return molecule
    return molecule.called(
        group_name(molecule.name) or find_molecule(molecule.smiles).name  # of points alone
    )


def write_recipe(recipe: Recipe, path: Path, comment: str) -> None:
    """Write a recipe as YAML, without the keys that have their defaults.

    Parameters
    ----------
    recipe
        The recipe.
    path
        File to write; must not exist.
    comment
        Lines that stand above it.

    Raises
    ------
    RequestError
        The file exists.
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    refuse_existing(path, "--recipe")
    document = recipe.model_dump(mode="json", exclude_defaults=True)
    lines = "".join(f"# {line}\n" for line in comment.splitlines())
    text = write_yaml(document, width=math.inf)
    write_text(path, lines + text)


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
