"""Made-up frames that are cheap and consistent: springs around the relaxed minima of mini-v1.

Positions are normal deviates around the minimum; the energy is that of the minimum and of a spring
on every atom, and forces are its gradient. Deviates neither shift nor turn the molecule, so that
energies do not depend on where it is. Also the files in which others keep such frames.
"""

import io

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols

from mlip_compose.core.units import KCAL_PER_MOL

DEVIATION = 0.05  # Angstrom
SPRING = 20.0  # eV/Angstrom^2; forces of 1 eV/Angstrom, as at some 500 K


def spring_frames(store, name, n_frames, seed=0):
    """Return numbers (N,), positions (F, N, 3), energy (F,) and forces (F, N, 3) of a molecule."""
    numbers, minimum = store.molecules[name].numbers, store.minimum(name)
    rng = np.random.default_rng([seed, *name.encode()])
    shift = rng.normal(scale=DEVIATION, size=(n_frames, len(numbers), 3))
    rigid = rigid_motions(minimum.positions[0].astype(float))
    shift -= np.einsum("fnx,knx,kmy->fmy", shift, rigid, rigid)
    energy = minimum.energy[0] + 0.5 * SPRING * (shift**2).sum(axis=(1, 2))
    return numbers, minimum.positions[0].astype(float) + shift, energy, -SPRING * shift


def rigid_motions(positions):
    """Return orthonormal infinitesimal translations and rotations (6, N, 3) of a molecule."""
    axes = np.eye(3)
    arms = positions - positions.mean(axis=0)
    shifts = [np.broadcast_to(axis, positions.shape) for axis in axes]
    turns = [np.cross(axis, arms) for axis in axes]
    columns = np.stack([*shifts, *turns]).reshape(6, -1).T
    return np.linalg.qr(columns)[0].T.reshape(6, *positions.shape)


def as_extended_xyz(frames, prefix="REF_", info=""):
    """Return frames as the bytes of an extended XYZ file; ``info`` goes into every comment."""
    numbers, positions, energy, forces = frames
    symbols = [chemical_symbols[number] for number in numbers]
    lines = []
    for i in range(len(energy)):
        lines.append(f"{len(symbols)}")
        lines.append(
            f"Properties=species:S:1:pos:R:3:{prefix}forces:R:3 "
            f'{prefix}energy={energy[i]:.10f} {info} pbc="F F F"'
        )
        rows = np.hstack([positions[i], forces[i]])
        lines += [
            f"{symbol} " + " ".join(f"{value:.8f}" for value in row)
            for symbol, row in zip(symbols, rows, strict=True)
        ]
    return ("\n".join(lines) + "\n").encode()


def as_md17(frames):
    """Return frames as the bytes of an npz file in the layout and units of MD17."""
    numbers, positions, energy, forces = frames
    file = io.BytesIO()
    np.savez(
        file, z=numbers, R=positions, E=energy[:, None] / KCAL_PER_MOL, F=forces / KCAL_PER_MOL
    )
    return file.getvalue()


def as_database(folder, frames):
    """Return frames as the bytes of an ASE database, made in a folder."""
    from ase.db import connect

    path = folder / "frames.db"
    numbers, positions, energy, forces = frames
    with connect(path) as database:
        for i in range(len(energy)):
            atoms = Atoms(numbers, positions[i])
            atoms.calc = SinglePointCalculator(atoms, energy=energy[i], forces=forces[i])
            database.write(atoms)
    content = path.read_bytes()
    path.unlink()
    return content
