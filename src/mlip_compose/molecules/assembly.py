"""Assembly: from X, n and Y to a molecule, and all molecules of the benchmark."""

from functools import cache

from mlip_compose.core.records import Molecule, Parts
from mlip_compose.molecules.naming import parts_of_readable
from mlip_compose.molecules.perception import (
    molecule_of_inchi,
    molecule_of_rdkit,
    molecule_of_smiles,
)
from mlip_compose.molecules.series import (
    bifunctional,
    canonical_parts,
    monofunctional,
    parse_name,
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


def find_molecule(text: str) -> Molecule:
    """Return the molecule that a text names.

    Parameters
    ----------
    text
        The name of a series (``OH-4-H``), a name that the program prints (``butan-1-ol``), an
        InChI, or a SMILES, which a name may follow: ``c1ccccc1 benzene``.

    Raises
    ------
    UnknownNameError, NotOfThisKindError
        It is none of these, or its molecule is refused (``molecules.perception``).
    """
    parts = parts_of_readable(text)
    if parts is None and Parts.spelled(text) is not None:
        parts = parse_name(text)
    if parts is None:
        smiles, *name = text.split(maxsplit=1) or [""]
        read = molecule_of_inchi if smiles.startswith("InChI=") else molecule_of_smiles
        molecule = read(smiles, "".join(name))
        if molecule.parts is None:
            return molecule
        parts = molecule.parts
    return assemble(parts)


@cache
def full() -> tuple[Molecule, ...]:
    """Return all 254 molecules: the mono-functional series, then the bifunctional one."""
    return tuple(assemble(parts) for parts in (*monofunctional(), *bifunctional()))
