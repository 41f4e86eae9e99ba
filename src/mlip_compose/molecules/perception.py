"""Perception: a molecule from SMILES, from bonds, or from a geometry alone, by RDKit.

A molecule is one connected graph of atoms and bonds: rings, branches, aromatic bonds and charges
included. Isotopes, mixtures and metals are refused. Bonds of a metal have no agreed order. Radicals
are refused, but for a geometry whose spin multiplicity is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from mlip_compose.core.errors import NotOfThisKindError, excerpt, one_line
from mlip_compose.core.records import AROMATIC, IntArray, Molecule
from mlip_compose.molecules.geometry import BONDED, covalent_sums
from mlip_compose.molecules.series import series_of

if TYPE_CHECKING:
    from rdkit.Chem import Mol, RWMol

MOST_ATOMS: Final = 1000
"""Atoms of a molecule, hydrogens included; proteins and polymers are given as pieces."""

NON_METALS: Final = (
    *("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl"),
    *("Ge", "As", "Se", "Br", "I"),
)
"""Elements whose bonds a graph describes."""

HYPERVALENT: Final = ("P", "S", "As", "Se")
"""Elements whose bonds to a negative atom are written as double bonds, without charges."""

MOST_TRIALS: Final = 100_000
"""Assignments of bond orders that are tried for a geometry."""

DONORS: Final = ("Se", "S", "As", "P", "N", "O", "I", "Br", "Cl", "F")
"""Elements with a lone pair, those that give an electron of it first in front."""

MOST_INNER_CHARGES: Final = 2
"""Most charged atoms of a doublet's closed shell beyond its charge: those of a nitro group."""

_INDEX: Final = "index"

_KIND: Final = "one closed-shell molecule of non-metals, isotopes not marked"
_HINT: Final = "Take it off the list, or write it as a neutral or charged closed-shell molecule."


def molecule_of_smiles(smiles: str, name: str = "") -> Molecule:
    """Read a SMILES.

    Parameters
    ----------
    smiles
        One closed-shell molecule, such as ``OCCBr``. Stereochemistry is read and left out.
    name
        See :func:`molecule_of_rdkit`.

    Raises
    ------
    NotOfThisKindError
        RDKit cannot read it, or :func:`molecule_of_rdkit` refuses it.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    text = smiles.strip()
    is_text = text.isascii() and len(text.split()) <= 1  # RDKit ignores what follows a blank
    with BlockLogs():
        molecule = Chem.MolFromSmiles(text, sanitize=False) if is_text else None
        if molecule is not None:
            check_size(molecule.GetNumAtoms(), name)  # before what takes minutes for a million
        problems = () if molecule is None else Chem.DetectChemistryProblems(molecule)
    if molecule is None or problems:
        reason = "no SMILES" if is_text else "a blank or a character outside ASCII"
        if problems:
            reason = " ".join(problems[0].Message().split())
        raise NotOfThisKindError(
            "a molecule that RDKit can read", f"{excerpt(smiles)!r}: {reason}", _HINT
        )
    Chem.SanitizeMol(molecule)
    for atom in molecule.GetAtoms():
        atom.SetAtomMapNum(0)
    bare = _without_hydrogens(_sanitized(_neutral_bonds(molecule)))
    check_kind(bare, name or excerpt(smiles))
    return molecule_of_rdkit(Chem.MolFromSmiles(Chem.MolToSmiles(bare)), name)


def molecule_of_inchi(inchi: str, name: str = "") -> Molecule:
    """Read an InChI, such as ``InChI=1S/CH4/h1H4``; see :func:`molecule_of_smiles`."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        molecule = Chem.MolFromInchi(inchi)
    if molecule is None:
        raise NotOfThisKindError("an InChI that RDKit can read", excerpt(inchi), _HINT)
    return molecule_of_smiles(Chem.MolToSmiles(molecule), name)


def molecule_of_rdkit(
    molecule: Mol, name: str = "", keep_order: bool = False, spin: int = 1
) -> Molecule:
    """Return the molecule of an RDKit molecule, with all its hydrogens.

    Parameters
    ----------
    molecule
        Sanitized; hydrogens may be atoms of it or implied.
    name
        The name that a file or the user gives it, such as ``aspirin``. The name of a series, such
        as ``OH-4-H``, takes precedence. A molecule without either is called by its formula and the
        first block of its InChIKey, ``C6H6-UHOVQNZJYSORNB``.
    keep_order
        Whether atoms stay in their order, with hydrogens among them. Otherwise implied hydrogens
        follow the heavy atoms.
    spin
        Spin multiplicity 2S + 1. A molecule of more than 1 is in no series, and its name ends with
        its charge and spin, such as ``_q+1_s2``.

    Raises
    ------
    NotOfThisKindError
        No atoms, several fragments, a radical whose spin is 1, an isotope, a metal, a dummy atom, a
        bond that is not covalent, or more atoms than ``MOST_ATOMS``.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    bare = _without_hydrogens(molecule)
    check_kind(bare, name, spin)
    full = molecule if keep_order else Chem.AddHs(molecule)
    check_size(full.GetNumAtoms(), name)
    with BlockLogs():
        smiles, inchikey = Chem.MolToSmiles(bare), Chem.MolToInchiKey(bare)
    reading = series_of(bare) if spin == 1 else None
    parts = None if reading is None else reading.parts
    state = "" if spin == 1 else f"_q{Chem.GetFormalCharge(bare):+d}_s{spin}"
    if name.endswith(state):
        state = ""
    table = _bond_table(full, name or smiles)
    index = np.uint8 if full.GetNumAtoms() <= 256 else np.uint16
    arrays: dict[str, Any] = {
        "numbers": np.array([a.GetAtomicNum() for a in full.GetAtoms()], dtype=np.uint8),
        "bonds": table[:, :2].astype(index),
        "bond_orders": table[:, 2].astype(np.uint8),
        "charges": np.array([a.GetFormalCharge() for a in full.GetAtoms()], dtype=np.int8),
    }
    for array in arrays.values():
        array.flags.writeable = False
    return Molecule(
        name=parts.name if parts else (name or _systematic_name(bare, inchikey)) + state,
        smiles=smiles,
        inchikey=inchikey,
        spin=spin,
        parts=parts,
        **arrays,
    )


def molecule_of_graph(
    numbers: ArrayLike,
    bonds: ArrayLike,
    orders: ArrayLike,
    charges: ArrayLike,
    name: str = "",
    spin: int = 1,
) -> Molecule:
    """Return the molecule of atoms and bonds, in their order.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included.
    bonds : (B, 2) int
        Indices of bonded atoms, counted from 0, each bond once.
    orders : (B,) int
        1, 2 or 3, or 4 for an aromatic bond.
    charges : (N,) int
        Formal charges, elementary charges.
    name, spin
        See :func:`molecule_of_rdkit`.

    Raises
    ------
    NotOfThisKindError
        The valences do not fit, or :func:`molecule_of_rdkit` refuses it.
    """
    graph = rdkit_of_graph(numbers, bonds, orders, charges)
    return molecule_of_rdkit(_sanitized(graph), name, keep_order=True, spin=spin)


def molecule_of_geometry(
    numbers: ArrayLike, positions: ArrayLike, charge: int = 0, name: str = "", spin: int = 1
) -> Molecule:
    """Find the molecule of a geometry.

    Bonds are found from distances (:func:`perceive_bonds`), bond orders and formal charges by
    RDKit's ``rdDetermineBonds`` from bonds and total charge. Valences are checked.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included, in any order.
    positions : (N, 3) float
        Angstrom.
    charge
        Total charge, elementary charges. It is not guessed: the bonds of an ion are those of a
        radical, too.
    name
        See :func:`molecule_of_rdkit`.
    spin
        Spin multiplicity 2S + 1. The bonds of an open shell with an even number of electrons are
        those of the closed shell; for a doublet see :func:`_doublet`.

    Returns
    -------
    Molecule
        The molecule with its atoms in the order of the geometry.

    Raises
    ------
    NotOfThisKindError
        The atoms are no such molecule, or their bond orders do not follow; the message says why.
    """
    elements = np.asarray(numbers)
    check_size(len(elements), name)
    bonds = perceive_bonds(elements, positions)
    single, neutral = np.ones(len(bonds), dtype=int), np.zeros(len(elements), dtype=int)
    graph = rdkit_of_graph(elements, bonds, single, neutral)
    check_kind(graph, name)
    is_odd = bool((int(elements.sum()) - charge) % 2)
    full = _doublet(graph, charge) if is_odd and spin == 2 else _with_orders(graph, charge)
    return molecule_of_rdkit(full, name, keep_order=True, spin=spin)


def _doublet(graph: Mol, charge: int) -> Mol:
    """Return a molecule of single bonds with the bond orders and charges of a doublet.

    They are those of the closed shell with one electron more, less an electron of a negative atom
    or else of a lone pair (``DONORS``); or of that with one electron less and a positive atom,
    which takes one. So the methyl radical is the methyl anion less an electron, and ``CC[OH+]`` is
    ethanol less an electron of oxygen.

    Raises
    ------
    NotOfThisKindError
        There is no such closed shell, or no such atom.
    """
    for change in (1, -1):
        try:
            molecule = _with_orders(graph, charge - change)
        except NotOfThisKindError:
            continue
        atom = _atom_that_changes(molecule, change)
        charged = sum(atom.GetFormalCharge() != 0 for atom in molecule.GetAtoms())
        if atom is not None and charged <= abs(charge - change) + MOST_INNER_CHARGES:
            atom.SetFormalCharge(atom.GetFormalCharge() + change)
            return _sanitized(molecule)
    raise NotOfThisKindError(
        f"a doublet of charge {charge} whose unpaired electron the bonds tell",
        f"{graph.GetNumAtoms()} atoms that no closed shell with one electron more or less makes so",
        "Leave such frames out.",
    )


def _atom_that_changes(molecule: Mol, change: int) -> Any:
    """Return the atom whose formal charge grows by 1 or -1 in a doublet; None where none does."""
    from rdkit import Chem

    atoms = list(molecule.GetAtoms())
    ranks = list(Chem.CanonicalRankAtoms(molecule))
    candidates = [
        (0, ranks[atom.GetIdx()], atom) for atom in atoms if atom.GetFormalCharge() * change < 0
    ]
    if not candidates and change > 0:
        candidates = [
            (DONORS.index(atom.GetSymbol()), ranks[atom.GetIdx()], atom)
            for atom in atoms
            if atom.GetSymbol() in DONORS
        ]
    return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None


def _with_orders(graph: Mol, charge: int) -> Mol:
    """Return a molecule of single bonds with the bond orders and charges that fit its valences."""
    from rdkit import Chem
    from rdkit.Chem import rdDetermineBonds
    from rdkit.rdBase import BlockLogs

    molecule = Chem.RWMol(graph)
    try:
        with BlockLogs():
            rdDetermineBonds.DetermineBondOrders(
                molecule, charge=charge, embedChiral=False, maxIterations=MOST_TRIALS
            )
    except (ValueError, RuntimeError) as error:  # too many trials, or no orders that fit
        raise NotOfThisKindError(
            f"a geometry from which bond orders follow, of charge {charge}",
            f"{molecule.GetNumAtoms()} atoms whose bonds no closed-shell molecule of charge "
            f"{charge} has",
            "Give the charge if it is an ion, and the spin if it is a radical.",
        ) from error
    return _sanitized(_neutral_bonds(molecule))


@lru_cache(maxsize=1024)  # every score of a data set asks for those of its molecules
def chain_of(molecule: Molecule) -> tuple[int, ...]:
    """Return the indices of the carbons of a molecule's chain; none where it is in no series."""
    if molecule.parts is None:
        return ()
    graph = rdkit_of(molecule)
    for atom in graph.GetAtoms():
        atom.SetIntProp(_INDEX, atom.GetIdx())
    bare = _without_hydrogens(_sanitized(graph))
    reading = series_of(bare)
    if reading is None:
        return ()
    return tuple(sorted(bare.GetAtomWithIdx(i).GetIntProp(_INDEX) for i in reading.chain))


def perceive_bonds(numbers: ArrayLike, positions: ArrayLike) -> IntArray:
    """Find the bonds of a molecule from distances alone.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (N, 3) float
        Angstrom. Thermal geometries (500 K) are as good as relaxed ones.

    Returns
    -------
    (B, 2) int64
        Indices of bonded atoms, each pair ascending, rows in lexicographic order: the atoms that
        are closer than ``BONDED`` (1.3) times the sum of their covalent radii.
    """
    radii = covalent_sums(np.asarray(numbers))
    points = np.asarray(positions, dtype=np.float64)
    i, j = np.triu_indices(len(radii), k=1)
    distances = np.linalg.norm(points[i] - points[j], axis=-1)
    bonded = distances < BONDED * radii[i, j]
    return np.stack([i[bonded], j[bonded]], axis=1)


def rdkit_of(molecule: Molecule, atoms: Sequence[int] | None = None) -> RWMol:
    """Return a molecule, or the part of it on some atoms, as an RDKit molecule.

    Parameters
    ----------
    molecule
        The whole molecule.
    atoms
        Indices of the atoms to take, in the order of the new molecule; None for all.

    Returns
    -------
    RWMol
        Not sanitized. Atoms have no implied hydrogens.
    """
    graph = molecule.numbers, molecule.bonds, molecule.bond_orders, molecule.charges
    return rdkit_of_graph(*graph, atoms)


def rdkit_of_graph(
    numbers: ArrayLike,
    bonds: ArrayLike,
    orders: ArrayLike,
    charges: ArrayLike,
    atoms: Sequence[int] | None = None,
) -> RWMol:
    """Return atoms and bonds as an RDKit molecule.

    Parameters
    ----------
    numbers, bonds, orders, charges
        See :func:`molecule_of_graph`.
    atoms
        See :func:`rdkit_of`.

    Returns
    -------
    RWMol
        Not sanitized. Atoms have no implied hydrogens.
    """
    from rdkit import Chem

    elements, formal = np.asarray(numbers), np.asarray(charges)
    chosen = range(len(elements)) if atoms is None else atoms
    position = {int(atom): index for index, atom in enumerate(chosen)}
    types = _bond_types()
    molecule = Chem.RWMol()
    for atom in position:
        new = Chem.Atom(int(elements[atom]))
        new.SetFormalCharge(int(formal[atom]))
        new.SetNoImplicit(True)
        molecule.AddAtom(new)
    for (i, j), order in zip(np.asarray(bonds).tolist(), np.asarray(orders).tolist(), strict=True):
        if i in position and j in position:
            molecule.AddBond(position[i], position[j], types[order])
            if order == AROMATIC:
                for atom in (i, j):
                    molecule.GetAtomWithIdx(position[atom]).SetIsAromatic(True)
    return molecule


def kekulised(molecule: Molecule) -> IntArray:
    """Return the orders of a molecule's bonds with single and double ones for aromatic bonds.

    Returns
    -------
    (B,) int
        1, 2 or 3.
    """
    from rdkit import Chem

    if AROMATIC not in molecule.bond_orders:
        return molecule.bond_orders
    graph = _sanitized(rdkit_of(molecule))
    Chem.Kekulize(graph, clearAromaticFlags=True)
    return _bond_table(graph, molecule.name)[:, 2]


def check_size(atoms: int, name: str = "") -> None:
    """Refuse more than ``MOST_ATOMS`` atoms.

    Raises
    ------
    NotOfThisKindError
        Says of what molecule, where it has a name.
    """
    if atoms > MOST_ATOMS:
        raise NotOfThisKindError(
            f"molecules of at most {MOST_ATOMS:,} atoms with their hydrogens",
            f"{atoms} atoms{f' in {excerpt(name)}' if name else ''}",
            "Give the pieces that matter, capped with hydrogen.",
        )


def check_kind(molecule: Mol, name: str, spin: int = 1) -> None:
    """Refuse what is no single closed-shell molecule of natural isotopes and non-metals.

    Parameters
    ----------
    molecule
        Sanitized, for radicals to be seen.
    name
        Name of the molecule, for the message; may be empty.
    spin
        Spin multiplicity; above 1 there may be unpaired electrons.

    Raises
    ------
    NotOfThisKindError
        Says which atom is another.
    """
    from rdkit import Chem

    pieces = len(Chem.GetMolFrags(molecule))
    faults = [] if pieces == 1 else [f"{pieces} fragments" if pieces else "no atoms"]
    for atom in molecule.GetAtoms():
        symbol, place = atom.GetSymbol(), f"atom {atom.GetIdx()} ({atom.GetSymbol()})"
        if symbol not in NON_METALS:
            faults.append(f"{place}, which is none of {', '.join(NON_METALS)}")
        elif spin == 1 and not atom.NeedsUpdatePropertyCache() and atom.GetNumRadicalElectrons():
            faults.append(f"a radical: unpaired electrons at {place}")
        elif atom.GetIsotope():
            faults.append(f"an isotope: {place} of mass {atom.GetIsotope()}")
    if faults:
        raise NotOfThisKindError(
            _KIND, f"{excerpt(name)} with {faults[0]}" if name else faults[0], _HINT
        )


def _neutral_bonds(molecule: Mol) -> Mol:
    """Write double bonds of sulfur and phosphorus as such: ``CS(C)=O`` for ``C[S+](C)[O-]``."""
    from rdkit import Chem

    edited = Chem.RWMol(molecule)
    for bond in edited.GetBonds():
        for one, other in (
            (bond.GetBeginAtom(), bond.GetEndAtom()),
            (bond.GetEndAtom(), bond.GetBeginAtom()),
        ):
            if (
                bond.GetBondType() == Chem.BondType.SINGLE
                and one.GetSymbol() in HYPERVALENT
                and one.GetFormalCharge() > 0 > other.GetFormalCharge()
            ):
                bond.SetBondType(Chem.BondType.DOUBLE)
                one.SetFormalCharge(one.GetFormalCharge() - 1)
                other.SetFormalCharge(other.GetFormalCharge() + 1)
    return edited


def _sanitized(molecule: Mol) -> Mol:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    try:
        with BlockLogs():
            Chem.SanitizeMol(molecule)
    except Chem.MolSanitizeException as error:
        raise NotOfThisKindError(_KIND, one_line(error), _HINT) from error
    return molecule


def _without_hydrogens(molecule: Mol) -> Mol:
    """Return a copy without atoms of hydrogen, but where they are all, and without stereo marks."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        bare = Chem.RemoveHs(molecule)
    Chem.RemoveStereochemistry(bare)
    return bare


def _bond_table(molecule: Any, name: str) -> IntArray:
    """Return the (B, 3) table of bonds and their orders, in lexicographic order."""
    kinds = {str(kind): order for order, kind in _bond_types().items()}
    rows = []
    for bond in molecule.GetBonds():
        kind = str(bond.GetBondType())
        if kind not in kinds:
            expected = "single, double, triple and aromatic bonds"
            raise NotOfThisKindError(expected, f"a {kind.lower()} bond in {excerpt(name)}", _HINT)
        rows.append((*sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())), kinds[kind]))
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)


def _systematic_name(molecule: Mol, inchikey: str) -> str:
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    return f"{CalcMolFormula(molecule)}-{inchikey.split('-')[0]}"


def _bond_types() -> dict[int, Any]:
    from rdkit.Chem import BondType

    return {1: BondType.SINGLE, 2: BondType.DOUBLE, 3: BondType.TRIPLE, AROMATIC: BondType.AROMATIC}
