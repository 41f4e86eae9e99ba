"""Writing extended XYZ without loss: every stored number is read back as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlip_compose.core.records import Frames, Molecule


def extended_xyz(
    molecule: Molecule, frames: Frames, info: Mapping[str, str | int]
) -> Iterator[str]:
    """Write frames as extended XYZ, one text a frame.

    Energies (eV) are ``REF_energy`` with as many digits as float64 takes, forces (eV/Angstrom)
    ``REF_forces`` and positions (Angstrom) have the nine digits that float32 takes.

    Parameters
    ----------
    molecule
        Whose frames. Its name, SMILES, InChIKey, charge and spin stand in every frame.
    frames
        Their trajectory and index (``frame``) stand in every frame.
    info
        What else stands in every frame.
    """
    from ase.data import chemical_symbols

    entries: dict[str, str | int] = {
        "molecule": molecule.name,
        "smiles": molecule.smiles,
        "inchikey": molecule.inchikey,
        "charge": molecule.charge,
        "spin": molecule.spin,
        "trajectory": frames.trajectory,
        **info,
    }
    common = " ".join(
        f"{key}={value}" if isinstance(value, int) else f'{key}="{value}"'
        for key, value in entries.items()
    )
    row = "{:2s}" + 6 * " %.9g"
    table = "\n".join(row.format(chemical_symbols[number]) for number in molecule.numbers)
    for index, positions, energy, forces in zip(
        frames.indices, frames.positions, frames.energy, frames.forces, strict=True
    ):
        numbers = [x for pair in zip(positions, forces, strict=True) for v in pair for x in v]
        yield (
            f"{molecule.n_atoms}\n"
            "Properties=species:S:1:pos:R:3:REF_forces:R:3 "
            f'REF_energy={float(energy)!r} {common} frame={index} pbc="F F F"\n'
            f"{table % tuple(numbers)}\n"
        )
