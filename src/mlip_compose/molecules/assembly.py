"""Assembly: from X, n and Y to a molecule, and all molecules of the benchmark."""

from functools import cache

from mlip_compose.core.records import Molecule, Parts
from mlip_compose.molecules.perception import molecule_of_rdkit
from mlip_compose.molecules.series import (
    bifunctional,
    canonical_parts,
    monofunctional,
    written_smiles,
)


@cache
def assemble(parts: Parts) -> Molecule:
    """Return the molecule X-(CH2)n-Y.

    The heavy atoms come first, from the left end to the right end, then the hydrogens in the order
    of the atoms that bear them. The arrays are shared between calls and read-only.

    Parameters
    ----------
    parts
        End groups and chain length; put in canonical order first.

    Returns
    -------
    Molecule
        The singlet, with RDKit's canonical SMILES and standard InChIKey.

    Raises
    ------
    UnknownNameError, NotOfThisKindError
        See :func:`canonical_parts`.
    """
    from rdkit import Chem

    ordered = canonical_parts(*parts)
    if ordered != parts:
        return assemble(ordered)
    return molecule_of_rdkit(Chem.MolFromSmiles(written_smiles(ordered)))


@cache
def full() -> tuple[Molecule, ...]:
    """Return all 254 molecules: the mono-functional series, then the bifunctional one."""
    return tuple(assemble(parts) for parts in (*monofunctional(), *bifunctional()))
