"""Frames written as extended XYZ, without loss: a number that is read back is the number stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlip_compose.core.records import Frames, Molecule


def extended_xyz(
    molecule: Molecule, frames: Frames, info: Mapping[str, str | int]
) -> Iterator[str]:
    """Write frames as extended XYZ, one text for each frame.

    Energies (eV) are called ``REF_energy`` and have as many digits as float64 holds. Forces
    (eV/Angstrom) are called ``REF_forces``; they and positions (Angstrom) have the nine digits that
    float32 holds.

    Parameters
    ----------
    molecule
        The molecule of the frames. Its name, SMILES, InChIKey, charge and spin stand in every
        frame.
    frames
        Frames; trajectory and index (``frame``) stand in every frame.
    info
        Further entries of every frame, such as ``{"reference": "gfn2-xtb"}``.
    """
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
    table = "\n".join(row.format(symbol) for symbol in molecule.symbols)
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
