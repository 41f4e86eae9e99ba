"""Records of a certificate, which are written to JSON and read back strictly."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import HeldOutFrames
from mlip_compose.tasks.leaks import Leak

CERTIFICATE_SCHEMA: Final = 1


class UnseenEnvironment(Strict):
    """An environment of OOD atoms that occurs in no training molecule.

    Attributes
    ----------
    label
        The label of :func:`mlip_compose.tasks.environments.environment_labels`.
    smiles
        The environment as :func:`mlip_compose.tasks.environments.rooted_smiles` writes it.
    molecule
        Name of the first OOD molecule that has the environment.
    ood_atoms
        Number of OOD atoms that have the environment.
    """

    label: str
    smiles: str
    molecule: str
    ood_atoms: int


class Unseen(Strict):
    """The environments of r* + 1 bonds that OOD atoms have and training lacks.

    Attributes
    ----------
    radius
        r* + 1, in bonds.
    count
        Number of distinct environments.
    ood_atoms
        Number of OOD atoms that have them: the novel atoms.
    examples
        The most frequent of these environments.
    """

    radius: int
    count: int
    ood_atoms: int
    examples: tuple[UnseenEnvironment, ...]


class Sizes(Strict):
    """Numbers of molecules, and of their atoms."""

    train_molecules: int
    ood_molecules: int
    train_atoms: int
    ood_atoms: int


class FrameCounts(Strict):
    """Numbers of frames by part."""

    train: int
    validation: int
    id: int
    ood: int


class ElementCounts(Strict):
    """Numbers of atoms by element symbol, in order of atomic number."""

    train: dict[str, int]
    ood: dict[str, int]


class Shift(Strict):
    """A mean on the ID side and on the OOD side; ``shift`` is OOD - ID, all in ``unit``."""

    id: float
    ood: float
    shift: float
    unit: str


class Certificate(Strict):
    """The facts of a split that hold before anything is trained.

    Attributes
    ----------
    task, level
        The split.
    coverage_radius
        r*, -1 to 6: see ``tasks.coverage.Coverage.radius``.
    coverage_radii, coverage
        Fraction of OOD atoms whose environment occurs in training, by radius in bonds.
    atom_divergence_radii, atom_divergence_alpha, atom_divergence
        CFQ's divergence of environments of radius 0 and 1; none without training molecules.
    compound_divergence_radii, compound_divergence_alpha, compound_divergence
        CFQ's divergence of environments of radius 2 to 6.
    train_molecules, ood_molecules
        Names of molecules. With a selection of frames, training molecules are those that have
        training frames.
    sizes, elements
        Numbers of molecules and atoms; every molecule counts once.
    heavy_atoms
        Number of atoms other than hydrogen, mean over training (``id``) and OOD molecules; None
        without training molecules.
    unseen
        Environments that training does not show, one bond beyond r*.
    frames
        Numbers of frames by part; None for a certificate of molecules alone.
    force_magnitude
        Length of the force on an atom, mean over the ID and the OOD test frames; None for a
        certificate of molecules alone, or without ID frames.
    duplicate_tolerance
        Angstrom; frames closer than this are leaks. None for a certificate of molecules alone.
    leaks
        Molecules and frames on both sides of the split; none for a sound split.
    held_out
        Source of the ID frames: the secondary trajectory, or the end of the only one (``blocks``)
        or any of its frames (``random``).
    """

    schema_version: Literal[1] = CERTIFICATE_SCHEMA
    task: str
    level: int
    coverage_radius: int
    coverage_radii: tuple[int, ...]
    coverage: tuple[float, ...]
    atom_divergence_radii: tuple[int, ...]
    atom_divergence_alpha: float
    atom_divergence: tuple[float, ...]
    compound_divergence_radii: tuple[int, ...]
    compound_divergence_alpha: float
    compound_divergence: tuple[float, ...]
    train_molecules: tuple[str, ...]
    ood_molecules: tuple[str, ...]
    sizes: Sizes
    elements: ElementCounts
    heavy_atoms: Shift | None
    unseen: Unseen
    frames: FrameCounts | None
    force_magnitude: Shift | None
    duplicate_tolerance: float | None
    leaks: tuple[Leak, ...]
    # Certificates of the benchmark's data have no such entry: they were published without.
    held_out: HeldOutFrames = Field(default="secondary", exclude_if=lambda v: v == "secondary")

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as JSON types; ``Certificate.model_validate`` reads it back."""
        return self.model_dump(mode="json")
