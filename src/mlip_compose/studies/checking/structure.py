"""Checks on what the molecules are: their graph, and the bonds of every frame."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.geometry import topology_kept
from mlip_compose.molecules.recognition import recognise_graph
from mlip_compose.studies.checking.base import CheckResult, Material, counted, first_of, place

HEAVIEST: Final = 118  # oganesson
_BLOCK: Final = 1024  # frames whose distances are in memory together


class Graph:
    """Numbers, bonds and bond orders make the molecule that name, SMILES and InChIKey say."""

    name = "molecular graphs"

    def __init__(self) -> None:
        self._molecules = 0
        self._wrong: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        self._molecules += 1
        if reason := _mismatch(material.molecule):
            self._wrong.append(f"{material.molecule.name}: {reason}")

    def result(self) -> CheckResult:
        """Say which molecules are not what they are called."""
        right = self._molecules - len(self._wrong)
        found = (
            f"name, SMILES and InChIKey follow from the bonds of {right:,} "
            f"of {counted(self._molecules, 'molecule')}"
        )
        if self._wrong:
            found += f"; {first_of(self._wrong, shown=2)}"
        details = {"molecules": self._molecules, "wrong": self._wrong}
        return CheckResult(self.name, not self._wrong, found, details)


def is_graph(molecule: Molecule) -> bool:
    """Return whether numbers are elements and bonds join atoms, so that frames can be looked at."""
    numbers, bonds = molecule.numbers, molecule.bonds
    elements = len(numbers) > 1 and numbers.min() > 0 and numbers.max() <= HEAVIEST
    return bool(elements and (bonds.size == 0 or bonds.max() < len(numbers)))


def _mismatch(molecule: Molecule) -> str:
    """Return in what a molecule's graph and its names disagree; empty where they agree."""
    try:
        parts = recognise_graph(molecule.numbers, molecule.bonds, molecule.bond_orders)
    except RequestError as error:
        return error.found
    if parts != molecule.parts:
        return f"its bonds are those of {parts.name}"
    right = assemble(parts)
    for attribute in ("smiles", "inchikey", "charge", "spin"):
        stored, expected = getattr(molecule, attribute), getattr(right, attribute)
        if stored != expected:
            return f"{attribute} {stored!r} where its bonds give {expected!r}"
    return ""


class Topology:
    """The bonds of every frame are those of the molecule (``sampling.checks.topology_kept``)."""

    name = "topology of frames"

    def __init__(self) -> None:
        self._frames = 0
        self._broken: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        molecule = material.molecule
        minima = () if material.minimum is None else (material.minimum,)
        for frames in (*material.trajectories, *minima):
            self._frames += len(frames)
            for start in range(0, len(frames), _BLOCK):
                positions = frames.positions[start : start + _BLOCK].astype(float)
                rows = start + np.flatnonzero(~topology_kept(molecule, positions))
                self._broken += [place(frames, row) for row in rows]

    def result(self) -> CheckResult:
        """Say which frames have other bonds."""
        broken, over = len(self._broken), counted(self._frames, "frame")
        found = f"the molecule's bonds in all of {over}, minima included"
        if broken:
            found = f"other bonds than the molecule's in {broken:,} of {over}: "
            found += first_of(self._broken)
        return CheckResult(self.name, not broken, found, {"frames": self._frames, "broken": broken})
