"""From the comparison of one molecule's frames to its errors, and to what a score keeps of them."""

from __future__ import annotations

from collections.abc import Mapping

from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.attribution import MoleculeErrors
from mlip_compose.evaluation.catalogue import NEEDS_ZERO
from mlip_compose.evaluation.metrics import frame_errors
from mlip_compose.evaluation.offsets import total_offset
from mlip_compose.evaluation.pooling import TestPart
from mlip_compose.evaluation.results import MoleculeScore


def molecule_errors(
    comparison: Comparison, part: TestPart, offsets: Mapping[int, float] | None
) -> MoleculeErrors:
    """Return the errors on one molecule's frames.

    Parameters
    ----------
    comparison
        Reference and prediction.
    part
        That of the comparison.
    offsets
        Per-element offsets, eV by atomic number; None where there are none.
    """
    molecule = comparison.molecule
    offset = None if offsets is None else total_offset(molecule, offsets)
    return MoleculeErrors(
        molecule=molecule,
        part=part,
        novel=comparison.novel,
        compared=len(comparison.reference_energy),
        errors=frame_errors(comparison, offset),
        offset=offset,
    )


def molecule_score(tested: MoleculeErrors, comparable: bool = True) -> MoleculeScore:
    """Return what a score keeps of one molecule's errors.

    Parameters
    ----------
    tested
        The errors.
    comparable
        Whether predicted energies count from the reference's zero; where not, metrics of raw
        energies are left out.
    """
    molecule, errors = tested.molecule, tested.errors
    kept = [name for name in errors.values if comparable or name not in NEEDS_ZERO]
    return MoleculeScore(
        molecule=molecule.name,
        family=molecule.family,
        left=molecule.left,
        chain=molecule.chain,
        right=molecule.right,
        part=tested.part,
        frames=tested.compared,
        failed_frames=tested.compared - errors.frames,
        novel_atoms=int(tested.novel.sum()),
        values={name: errors.values[name] for name in kept},
        weights={name: errors.weights[name] for name in kept},
    )
