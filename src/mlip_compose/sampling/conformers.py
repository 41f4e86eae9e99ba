"""Starting geometries by RDKit: a pool of conformers, and the extended one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any, Final

import numpy as np

from mlip_compose.core.records import Failure, FloatArray, Molecule
from mlip_compose.core.units import BOLTZMANN, KCAL_PER_MOL
from mlip_compose.molecules.geometry import superposed_rmsd
from mlip_compose.molecules.perception import rdkit_of

POOL_SIZE: Final = 30
LOWEST: Final = 3
"""Conformers from which the minimum of a molecule of no series is relaxed."""
DISTINCT_RMSD: Final = 0.3  # Angstrom, over heavy atoms after superposition
_ANTI: Final = 180.0  # degrees
_Torsion = tuple[int, int, int, int]
_STAGGERED: Final = (60.0, 180.0, 300.0)  # degrees


def rdkit_molecule(molecule: Molecule) -> Any:
    """Build RDKit's molecule with the record's order of atoms."""
    from rdkit import Chem

    mol = rdkit_of(molecule).GetMol()
    Chem.SanitizeMol(mol)
    return mol


def conformer_pool(
    molecule: Molecule, rng: np.random.Generator, size: int = POOL_SIZE
) -> tuple[FloatArray, FloatArray] | Failure:
    """Embed conformers (ETKDGv3) and relax them with MMFF94, or UFF where that has no parameters.

    Parameters
    ----------
    molecule
        A molecule of N atoms.
    rng
        Random numbers, from which the seed of RDKit is drawn.
    size
        Number of conformers to embed.

    Returns
    -------
    positions : (K, N, 3) float
        Angstrom, ordered by energy.
    energies : (K,) float
        Energies of the force field, eV.
    """
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
    from rdkit.rdBase import BlockLogs

    mol = rdkit_molecule(molecule)
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = int(rng.integers(1, 2**31 - 1))
    rdDistGeom.EmbedMultipleConfs(mol, size, parameters)
    if mol.GetNumConformers() == 0:
        return Failure("conformers", molecule.name, "RDKit embedded no conformer")
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
        outcome = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=2000)
    else:
        with BlockLogs():
            outcome = rdForceFieldHelpers.UFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=2000)
    energies = np.array([energy for _, energy in outcome]) * KCAL_PER_MOL
    positions = np.array([conformer.GetPositions() for conformer in mol.GetConformers()])
    order = np.argsort(energies, kind="stable")
    return positions[order], energies[order]


def draw_starts(
    molecule: Molecule,
    pool: tuple[FloatArray, FloatArray],
    temperature_K: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw the starting conformers of the two trajectories, by Boltzmann weight.

    The second differs from the first by more than ``DISTINCT_RMSD`` where the pool allows it; a
    molecule such as ethane has one conformer only, and then the second is another embedding of it.

    Returns
    -------
    primary, secondary : (N, 3) float
        Angstrom.
    """
    positions, energies = pool
    weights = np.exp(-(energies - energies.min()) / (BOLTZMANN * temperature_K))
    first = int(rng.choice(len(weights), p=weights / weights.sum()))
    heavy = molecule.numbers > 1
    rmsd = np.array([superposed_rmsd(positions[first][heavy], other[heavy]) for other in positions])
    distinct = rmsd > DISTINCT_RMSD
    if not distinct.any():
        distinct = np.arange(len(weights)) != first
    if not distinct.any():
        return positions[first], positions[first]
    weights = np.where(distinct, weights, 0.0)
    second = int(rng.choice(len(weights), p=weights / weights.sum()))
    return positions[first], positions[second]


def starts_of_minimum(molecule: Molecule, pool: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the geometries from which the minimum of a molecule is relaxed.

    They are extended where the molecule is of a series, for reaction energies
    (:func:`extended_conformers`), and else the lowest of the pool.

    Returns
    -------
    (K, N, 3) float
        Angstrom.
    """
    from rdkit.Chem import rdForceFieldHelpers

    has_parameters = rdForceFieldHelpers.MMFFHasAllMoleculeParams(rdkit_molecule(molecule))
    if molecule.parts is not None and has_parameters:
        return extended_conformers(molecule, pool)
    return pool[0][:LOWEST]


def extended_conformers(molecule: Molecule, pool: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the all-anti conformers of a molecule of a series.

    Reaction energies then compare chains of one shape, without folding and without a hydrogen bond
    between the ends. In every conformer of the pool the torsions along the heavy-atom path from end
    to end are set to 180 degrees. The best of these by MMFF94 is taken with every setting (60, 180,
    300 degrees) of the groups OH, SH and NH2, which turn about the ends.

    Returns
    -------
    (K, N, 3) float
        Angstrom; K is 1, 3 or 9.
    """
    from rdkit.Chem import rdForceFieldHelpers

    mol = rdkit_molecule(molecule)
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol)
    path = _heavy_path(mol)
    anti = [
        (torsion, _ANTI)
        for torsion in zip(path, path[1:], path[2:], path[3:], strict=False)
        if _turns(mol, torsion)
    ]
    candidates = [_with_torsions(mol, positions, anti) for positions in pool[0]]
    energies = [
        rdForceFieldHelpers.MMFFGetMoleculeForceField(candidate, properties).CalcEnergy()
        for candidate in candidates
    ]
    best = candidates[int(np.argmin(energies))].GetConformer().GetPositions()
    rotors = _rotors(mol)
    return np.array(
        [
            _with_torsions(mol, best, list(zip(rotors, angles, strict=True)))
            .GetConformer()
            .GetPositions()
            for angles in product(_STAGGERED, repeat=len(rotors))
        ]
    )


def _heavy_path(mol: Any) -> list[int]:
    """Return the heavy atoms from end to end."""
    from rdkit import Chem

    distances = Chem.GetDistanceMatrix(mol)
    heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    if len(heavy) < 2:
        return heavy
    ends = max(combinations(heavy, 2), key=lambda pair: distances[pair])
    return list(Chem.GetShortestPath(mol, *ends))


def _rotors(mol: Any) -> list[_Torsion]:
    """Return the torsion (X, C, O, H) of each OH, SH or NH2 on a saturated carbon, X heavy."""
    from rdkit import Chem

    pattern = Chem.MolFromSmarts("[!#1][CX4][OX2H1,SX2H1,NX3H2][H]")
    by_atom: dict[int, _Torsion] = {}
    for torsion in mol.GetSubstructMatches(pattern):
        by_atom.setdefault(torsion[2], torsion)
    return [by_atom[atom] for atom in sorted(by_atom)]


def _with_torsions(
    mol: Any, positions: FloatArray, torsions: Sequence[tuple[_Torsion, float]]
) -> Any:
    """Return RDKit's molecule with one conformer, whose torsions are set, in degrees."""
    from rdkit import Chem
    from rdkit.Chem import rdMolTransforms

    changed = Chem.Mol(mol, True)
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(positions, dtype=np.float64))
    changed.AddConformer(conformer, assignId=True)
    for torsion, degrees in torsions:
        rdMolTransforms.SetDihedralDeg(changed.GetConformer(), *torsion, degrees)
    return changed


def _turns(mol: Any, torsion: tuple[int, ...]) -> bool:
    """Return whether the middle bond is single, in no ring, and none of its atoms is linear.

    A conjugated bond does not turn: the C-O bond of methyl formate would leave the form that is
    lower by 0.2 eV.
    """
    from rdkit import Chem

    inner = [mol.GetAtomWithIdx(index) for index in torsion[1:3]]
    bond = mol.GetBondBetweenAtoms(*torsion[1:3])
    if bond.GetBondType() != Chem.BondType.SINGLE or bond.IsInRing() or bond.GetIsConjugated():
        return False
    return all(atom.GetHybridization() != Chem.HybridizationType.SP for atom in inner)
