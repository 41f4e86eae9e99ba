"""Records that the rooms of the package hand to each other: frozen, with shapes and units.

N counts atoms, B bonds, F frames. Positions are in Angstrom, energies in eV, forces in eV/Angstrom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.documents import Strict
from mlip_compose.core.files import slug

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
BoolArray = NDArray[np.bool_]

PRIMARY: Final = "primary"
SECONDARY: Final = "secondary"
MINIMUM: Final = "minimum"
RELAXED: Final = "relaxed"

TestPart = Literal["id", "ood"]
"""A part of the test: frames in distribution, or out of distribution."""

TEST_PARTS: Final[tuple[TestPart, ...]] = ("id", "ood")

Part = Literal["train", "validation", TestPart]
"""What a frame is for: to be fitted, to choose settings, or to be tested on."""

HeldOutFrames = Literal["secondary", "blocks", "random"]
"""Source of validation and ID frames: a trajectory of their own, or the end or any of the only one.
"""

Role = Literal["scale", "feasibility", "learned"]
"""What a row of the results is for: the scale of the numbers, what is feasible, or a potential."""


AROMATIC: Final = 4
"""Order of an aromatic bond."""


_SERIES_NAME: Final = re.compile(
    r"([A-Za-z0-9]+|\*.+?)-(0|[1-9][0-9]{0,8})-([A-Za-z0-9]+|\*.+)", re.ASCII
)


class Parts(NamedTuple):
    """The end groups and the chain of X-(CH2)n-Y, in canonical order (``molecules.series``).

    H, where there is one, is on the right. Carbons inside an end group do not count in the chain.
    """

    left: str
    chain: int
    right: str

    @classmethod
    def spelled(cls, name: str) -> Parts | None:
        """Return the parts that a name spells, whatever the groups; None for another name."""
        match = _SERIES_NAME.fullmatch(name)
        return None if match is None else cls(match[1], int(match[2]), match[3])

    @property
    def name(self) -> str:
        """The molecule's name, such as ``OH-4-H``."""
        return f"{self.left}-{self.chain}-{self.right}"

    @property
    def family(self) -> str:
        """``OH`` for the alcohols, ``H`` for the alkanes, ``OH+NH2`` for amino alcohols."""
        return self.left if self.right == "H" else f"{self.left}+{self.right}"


Neighbours = tuple[tuple[tuple[int, int], ...], ...]
"""For every atom, the atoms bonded to it with the orders of the bonds."""

OTHER: Final = "other"
"""Family of the molecules that are in no series."""


@dataclass(frozen=True, eq=False)
class Molecule:
    """A molecule as a graph of atoms and bonds.

    Attributes
    ----------
    name
        ``OH-4-H`` for a molecule of a series, else the name that somebody gave it.
    smiles, inchikey
        Canonical SMILES without stereochemistry, and standard InChIKey of, the molecule.
    numbers : (N,) uint8
        Atomic numbers, hydrogens included. This order of atoms is that of every array of frames.
    bonds : (B, 2) uint8 or uint16
        Indices of bonded atoms, each pair ascending, rows in lexicographic order.
    bond_orders : (B,) uint8
        1, 2 or 3, or 4 for an aromatic bond.
    charges : (N,) int8
        Formal charges, elementary charges.
    spin : int
        Spin multiplicity 2S + 1.
    parts
        The end groups and the chain where the molecule is X-(CH2)n-Y, else None.
    """

    name: str
    smiles: str
    inchikey: str
    numbers: IntArray
    bonds: IntArray
    bond_orders: IntArray
    charges: IntArray
    spin: int = 1
    parts: Parts | None = None

    def called(self, name: str) -> Molecule:
        """Return the molecule under another name, such as that of a list of targets."""
        return replace(self, name=name)

    @property
    def charge(self) -> int:
        """Total charge, elementary charges."""
        return int(self.charges.sum())

    @property
    def family(self) -> str:
        """The family of the series (``Parts.family``), or ``other``."""
        return self.parts.family if self.parts else OTHER

    @property
    def is_monofunctional(self) -> bool:
        """Whether one end is H, as in the series X-(CH2)n-H (alkanes included)."""
        return self.parts is not None and self.parts.right == "H"

    @property
    def is_bifunctional(self) -> bool:
        """Whether it is X-(CH2)n-Y with two end groups other than H."""
        return self.parts is not None and self.parts.right != "H"

    @property
    def n_atoms(self) -> int:
        """Number of atoms N."""
        return len(self.numbers)

    @property
    def n_heavy(self) -> int:
        """Number of atoms other than hydrogen."""
        return int(np.count_nonzero(self.numbers > 1))

    @property
    def symbols(self) -> list[str]:
        """Element of each atom, such as ``C``."""
        from ase.data import chemical_symbols

        return [chemical_symbols[number] for number in self.numbers.tolist()]

    @cached_property
    def neighbours(self) -> Neighbours:
        """For every atom, the atoms bonded to it with the orders of the bonds."""
        neighbours: list[list[tuple[int, int]]] = [[] for _ in range(self.n_atoms)]
        for (a, b), order in zip(self.bonds.tolist(), self.bond_orders.tolist(), strict=True):
            neighbours[a].append((b, order))
            neighbours[b].append((a, order))
        return tuple(map(tuple, neighbours))

    @cached_property
    def separations(self) -> NDArray[np.int64]:
        """Numbers of bonds between the atoms of each pair, (N, N); -1 where nothing connects them.

        In water, with the oxygen first: ``[[0, 1, 1], [1, 0, 2], [1, 2, 0]]``.
        """
        bonded = np.zeros((self.n_atoms, self.n_atoms), dtype=bool)
        bonded[tuple(self.bonds.T)] = bonded[tuple(self.bonds.T[::-1])] = True
        shell = np.eye(self.n_atoms, dtype=bool)
        separations = np.where(shell, 0, -1)
        while shell.any():
            farther = separations.max() + 1
            shell = (shell @ bonded) & (separations < 0)
            separations[shell] = farther
        separations.flags.writeable = False
        return separations


@dataclass(frozen=True, eq=False)
class Frames:
    """Labelled geometries of one molecule from one trajectory.

    Attributes
    ----------
    molecule
        Name of the molecule.
    trajectory
        ``primary``, ``secondary`` or ``minimum`` (one frame: the relaxed geometry).
    indices : (F,) int
        Positions of these frames in their trajectory.
    positions : (F, N, 3) float
        Angstrom.
    energy : (F,) float64
        Total energy, eV.
    forces : (F, N, 3) float
        eV/Angstrom.
    """

    molecule: str
    trajectory: str
    indices: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray

    def __len__(self) -> int:
        return len(self.energy)


@dataclass(frozen=True, eq=False)
class PredictedFrames:
    """Predictions of a potential for some frames of one trajectory.

    Attributes
    ----------
    molecule, trajectory
        The molecule, and the trajectory. ``relaxed`` is one frame: the minimum that the potential
        itself relaxed to.
    indices : (F,) int
        Positions of these frames in the data set's trajectory.
    energy : (F,) float64
        eV; NaN where the prediction failed.
    forces : (F, N, 3) float
        eV/Angstrom; NaN where the prediction failed.
    positions : (F, N, 3) float | None
        Angstrom; only of ``relaxed``, whose geometry is none of the data set's.
    """

    molecule: str
    trajectory: str
    indices: IntArray
    energy: FloatArray
    forces: FloatArray
    positions: FloatArray | None = None


@dataclass(frozen=True, order=True)
class SplitKey:
    """The name of a split: task, level, and the seed that chooses its frames.

    It is written ``length_L2_s0``, in files, ids and messages alike.

    Attributes
    ----------
    task
        Name of the task, such as ``length``.
    level
        Level of the task.
    seed
        Seed of the selection of frames, and of a training on them.
    """

    task: str
    level: int
    seed: int

    _WRITTEN: ClassVar = re.compile(r"(?P<task>.+)_L(?P<level>-?\d+)_s(?P<seed>\d+)", re.ASCII)

    @classmethod
    def parse(cls, text: str) -> SplitKey:
        """Read what ``str`` wrote.

        Raises
        ------
        ValueError
            The text names no split.
        """
        match = cls._WRITTEN.fullmatch(text)
        if match is None:
            raise ValueError(f"expected a split such as length_L2_s0; found {text!r}")
        return cls(match["task"], int(match["level"]), int(match["seed"]))

    def __str__(self) -> str:
        return f"{self.task}_L{self.level}_s{self.seed}"

    @property
    def words(self) -> str:
        """The split in a sentence: ``length, level 2, seed 0``."""
        return f"{self.task}, level {self.level}, seed {self.seed}"

    def file_name(self, potential: str) -> str:
        """Return the name, without suffix, of a file about a potential on this split.

        ``length_L2_mace-small_s0`` for ``mace-small``; see :func:`mlip_compose.core.files.slug`.
        """
        return f"{self.task}_L{self.level}_{slug(potential)}_s{self.seed}"


@dataclass(frozen=True)
class Split:
    """The molecules that a task, at a level, trains on and tests on.

    ``missing`` names molecules that the task asks for and the data set lacks. ``trains`` is false
    for a task that trains on nothing, for potentials that were trained elsewhere. ``train_frames``
    is the budget of a task that has one of its own. ``is_of_file`` is true for a task of a file.
    """

    task: str
    level: int
    train: tuple[str, ...]
    ood: tuple[str, ...]
    missing: tuple[str, ...] = ()
    trains: bool = True
    frames: HeldOutFrames = "secondary"
    train_frames: int | None = None
    is_of_file: bool = False


@dataclass(frozen=True, eq=False)
class FrameSelection:
    """The frames of each part of a split, as frame indices by molecule.

    ``train`` and ``ood`` index the primary trajectory, ``validation`` and ``id`` the trajectory
    ``held_out``: the secondary, or the primary where molecules have one trajectory.
    """

    train: Mapping[str, IntArray]
    validation: Mapping[str, IntArray]
    id: Mapping[str, IntArray]
    ood: Mapping[str, IntArray]
    held_out: str = SECONDARY

    def wanted(self) -> Iterator[tuple[Part, str, str, IntArray]]:
        """Yield (part, molecule, trajectory, frame indices) for every selected trajectory."""
        for name, indices in self.train.items():
            yield "train", name, PRIMARY, indices
        for name, indices in self.validation.items():
            yield "validation", name, self.held_out, indices
        for name, indices in self.id.items():
            yield "id", name, self.held_out, indices
        for name, indices in self.ood.items():
            yield "ood", name, PRIMARY, indices


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The frames that a potential may see: those to fit, and those to choose settings on.

    OOD frames and ID test frames are never among them.
    """

    molecules: Mapping[str, Molecule]
    train: tuple[Frames, ...]
    validation: tuple[Frames, ...]

    @property
    def n_train(self) -> int:
        """Number of training frames."""
        return sum(len(frames) for frames in self.train)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Reference and prediction for the frames of one molecule in one part of a split.

    Attributes
    ----------
    molecule, part
        The molecule, and the part that its frames are in.
    reference_energy, predicted_energy : (F,) float64
        eV. A prediction that failed is NaN.
    reference_forces, predicted_forces : (F, N, 3)
        eV/Angstrom.
    novel : (N,) bool
        True for atoms whose environment of radius r* + 1 occurs in no training molecule.
    matching : (N,) float64 | None
        For the part ``id``: the factor by which environments of radius r* such as the atom's are
        more frequent in the OOD frames; None where there is no such factor.
    seen_radius : (N,) int | None
        For the part ``ood`` of a task of a file: the radius, bonds, out to which each atom's
        environment occurs in training (-1: not even its element); None elsewhere.
    """

    molecule: Molecule
    part: Part
    reference_energy: FloatArray
    predicted_energy: FloatArray
    reference_forces: FloatArray
    predicted_forces: FloatArray
    novel: BoolArray
    matching: FloatArray | None = None
    seen_radius: IntArray | None = None


class Interval(Strict):
    """A value with the 95 % interval of the bootstrap over molecules.

    ``low`` and ``high`` are None where fewer than two molecules leave nothing to resample.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ReceptiveField:
    """The surroundings that the energy of an atom depends on, in a potential.

    Attributes
    ----------
    bonds
        Reach along a chain in bonds, whatever its conformation.
    angstrom
        Reach in Angstrom: no atom farther away has an influence. None without such a limit.
    words
        A sentence on how the two follow from the settings.
    """

    bonds: int
    angstrom: float | None
    words: str


@dataclass(frozen=True)
class Failure:
    """A scientific failure: data, not a bug.

    Attributes
    ----------
    stage
        The work that failed: ``scf``, ``topology``, ``relaxation``, ``training`` ...
    subject
        Name of the molecule, or of the unit of work.
    reason
        Reason of the failure.
    retryable
        Whether the same work could end otherwise when it is done again.
    """

    stage: str
    subject: str
    reason: str
    retryable: bool = False

    def __str__(self) -> str:
        return f"{self.stage} of {self.subject}: {self.reason}"
