"""Checks of molecular graphs, of the bonds in frames, and of repeated frames."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.datasets.checking.finding import CheckResult, Material, counted, first_of, place
from mlip_compose.molecules.geometry import topology_kept
from mlip_compose.molecules.perception import molecule_of_graph
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints

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
        finding = (
            f"name, SMILES and InChIKey follow from the bonds of {right:,} "
            f"of {counted(self._molecules, 'molecule')}"
        )
        if self._wrong:
            finding += f"; {first_of(self._wrong, most=2)}"
        details = {"molecules": self._molecules, "wrong": self._wrong}
        return CheckResult(self.name, not self._wrong, finding, details)


def has_pairs(molecule: Molecule) -> bool:
    """Return whether a molecule has two atoms, whose distances the checks of frames look at."""
    return molecule.n_atoms > 1


def _mismatch(molecule: Molecule) -> str:
    """Return how a molecule's graph and its names disagree; empty where they agree."""
    try:
        right = molecule_of_graph(
            molecule.numbers,
            molecule.bonds,
            molecule.bond_orders,
            molecule.charges,
            molecule.name,
            molecule.spin,
        )
    except RequestError as error:
        return error.found
    if right.parts != molecule.parts:
        return f"its bonds are those of {right.name}"
    for attribute in ("smiles", "inchikey", "charge", "spin"):
        stored, expected = getattr(molecule, attribute), getattr(right, attribute)
        if stored != expected:
            return f"{attribute} {stored!r} where its bonds give {expected!r}"
    return ""


class Topology:
    """The bonds of every frame are those of the molecule (``geometry.topology_kept``)."""

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
        finding = f"the molecule's bonds in all of {over}, minima included"
        if broken:
            finding = f"other bonds than the molecule's in {broken:,} of {over}: "
            finding += first_of(self._broken)
        return CheckResult(
            self.name, not broken, finding, {"frames": self._frames, "broken": broken}
        )


class Duplicates:
    """Duplicates within a trajectory and between the two (see ``tasks.fingerprints``)."""

    name = "duplicates"

    def __init__(self) -> None:
        self._frames = self._within = self._between = 0
        self._examples: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        trajectories = [frames for frames in material.trajectories if len(frames)]
        if not trajectories:
            return
        # of each row of ``positions``: its trajectory, and its row there
        origin = [(i, row) for i, frames in enumerate(trajectories) for row in range(len(frames))]
        self._frames += len(origin)
        positions = np.concatenate([frames.positions for frames in trajectories])
        prints = Fingerprints(material.molecule.numbers, positions)
        for first, second, distance in prints.copies(DUPLICATE_TOLERANCE):
            (one, i), (other, j) = origin[first], origin[second]
            self._within += one == other
            self._between += one != other
            if len(self._examples) < 5:
                self._examples.append(
                    f"{place(trajectories[one], i)} and {trajectories[other].trajectory} frame "
                    f"{int(trajectories[other].indices[j])} ({distance:.4f} Angstrom)"
                )

    def result(self) -> CheckResult:
        """Say how many frames are copies of others."""
        details = {
            "frames": self._frames,
            "pairs_within_trajectories": self._within,
            "pairs_between_trajectories": self._between,
            "tolerance_A": DUPLICATE_TOLERANCE,
        }
        finding = (
            f"none within {DUPLICATE_TOLERANCE} Angstrom among {counted(self._frames, 'frame')}"
        )
        if self._examples:
            finding = (
                f"{counted(self._within, 'pair')} within a trajectory and {self._between:,} "
                f"between the two, of {counted(self._frames, 'frame')}: "
                f"{first_of(self._examples, most=2)}"
            )
        return CheckResult(self.name, not self._examples, finding, details)
