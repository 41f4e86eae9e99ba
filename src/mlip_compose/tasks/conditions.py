"""Conditions that choose molecules of a data set, as task files have them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from mlip_compose.core.documents import Strict, read_text
from mlip_compose.core.elements import check_symbol
from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.perception import molecule_of_smiles, rdkit_of


class Range(Strict):
    """Whole numbers from ``least`` to ``most``, both included; one of them may be left out."""

    least: int | None = Field(default=None, ge=0)
    most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if self.least is None and self.most is None:
            raise ValueError("expected least, most or both; found neither")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"expected least up to most; found {self.least} and {self.most}")
        return self

    def holds(self, number: int) -> bool:
        """Return whether a number is in the range."""
        return (self.least is None or number >= self.least) and (
            self.most is None or number <= self.most
        )


def _pattern(text: str) -> str:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        if Chem.MolFromSmarts(text) is None:
            raise ValueError(f"expected SMARTS; found {text!r}")
    return text


def _canonical(text: str) -> str:
    try:
        return molecule_of_smiles(text).smiles
    except RequestError as error:
        raise ValueError(str(error)) from error


def _element(text: str) -> str:
    check_symbol(text)
    return text


class Condition(Strict):
    """What a molecule must be: all that is said holds for it.

    Attributes
    ----------
    names
        Patterns of names, such as ``OH-*-H``; one of them fits.
    smiles
        SMILES of the molecules; it is one of them.
    file
        A file of SMILES (``.smi``), one in a line, relative to the task file; it is one of them.
    family
        Groups of the family, such as ``[OH, "*Br"]``; ``OH+NH2`` for two end groups.
    chain
        Length of its chain, such as ``{least: 2, most: 6}``. A molecule of no series has none.
    heavy_atoms
        Number of its heavy atoms, such as ``{most: 9}``.
    elements
        It has no element but these.
    smarts
        A pattern that occurs in it, such as ``[R]`` for a ring.
    without
        A condition that does not hold for it.
    """

    names: tuple[str, ...] = ()
    smiles: tuple[Annotated[str, AfterValidator(_canonical)], ...] = ()
    file: str | None = None
    family: tuple[str, ...] = ()
    chain: Range | None = None
    heavy_atoms: Range | None = None
    elements: tuple[Annotated[str, AfterValidator(_element)], ...] = ()
    smarts: Annotated[str, AfterValidator(_pattern)] | None = None
    without: Condition | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            names = ", ".join(type(self).model_fields)
            raise ValueError(f"expected one of {names}; found nothing")
        return self

    def with_files_read(self, folder: Path) -> Condition:
        """Return the condition with the SMILES of its files in place of the files.

        Raises
        ------
        UnreadableError
            A file is not there, or cannot be read.
        RequestError
            A line is no SMILES of a molecule.
        """
        changes: dict[str, Any] = {}
        if self.file is not None:
            smiles = (*self.smiles, *_read_smiles(folder / self.file))
            changes |= {"file": None, "smiles": tuple(dict.fromkeys(smiles))}
        if self.without is not None:
            changes["without"] = self.without.with_files_read(folder)
        return self.model_copy(update=changes)

    def chosen(self, molecules: Iterable[Molecule]) -> list[Molecule]:
        """Return the molecules for which the condition holds."""
        return [molecule for molecule in molecules if self.holds(molecule)]

    def holds(self, molecule: Molecule) -> bool:
        """Return whether the condition holds for a molecule."""
        chain = molecule.parts.chain if molecule.parts else None
        return (  # the dear ones last
            (not self.smiles or molecule.smiles in self.smiles)
            and (not self.family or molecule.family in self.family)
            and (self.chain is None or (chain is not None and self.chain.holds(chain)))
            and (self.heavy_atoms is None or self.heavy_atoms.holds(molecule.n_heavy))
            and (not self.elements or set(molecule.symbols) <= set(self.elements))
            and (not self.names or any(fnmatchcase(molecule.name, name) for name in self.names))
            and (self.without is None or not self.without.holds(molecule))
            and (self.smarts is None or _has(molecule, self.smarts))
        )

    def unmatched(self, molecules: Iterable[Molecule]) -> list[str]:
        """Return the names, SMILES and families that are those of no molecule."""
        every = list(molecules)
        names = [molecule.name for molecule in every]
        smiles = {molecule.smiles for molecule in every}
        families = {molecule.family for molecule in every}
        return [
            *(n for n in self.names if not any(fnmatchcase(name, n) for name in names)),
            *(s for s in self.smiles if s not in smiles),
            *(f for f in self.family if f not in families),
        ]


def _read_smiles(path: Path) -> list[str]:
    lines = read_text(path, "file of SMILES").splitlines()
    smiles = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                smiles.append(molecule_of_smiles(line.split()[0]).smiles)
            except RequestError as error:
                where = f"{error.expected} in {path}, line {number}"
                raise RequestError(where, error.found, error.hint) from error
    if not smiles:
        raise RequestError(f"SMILES in {path}", "none")
    return smiles


def _has(molecule: Molecule, smarts: str) -> bool:
    from rdkit import Chem

    graph = rdkit_of(molecule)
    Chem.SanitizeMol(graph)
    return bool(graph.HasSubstructMatch(Chem.MolFromSmarts(smarts)))
