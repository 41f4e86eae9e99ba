"""The sampling protocol of a data set, which is stored with the data."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
from pydantic import Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Molecule


class SamplingProtocol(Strict):
    """Langevin dynamics of every molecule, two independent trajectories.

    Attributes
    ----------
    integrator
        The BAOAB Langevin integrator (Leimkuhler & Matthews, J. Chem. Phys. 138, 174102, 2013),
        whose configurations are exact for harmonic forces at any stable time step.
    temperature_K
        Temperature of the thermostat, and of the weights of starting conformers.
    timestep_fs, friction_time_fs
        Time step and friction time of the integrator.
    hydrogen_mass_u
        Mass of hydrogen during dynamics. Masses do not enter the distribution of configurations;
        heavy hydrogens allow the longer time step.
    equilibration_steps
        Number of steps before the first frame.
    stride_steps
        Number of steps between frames.
    primary, secondary
        Numbers of frames of the two trajectories of a molecule.
    bifunctional_primary, bifunctional_secondary
        Numbers of frames of a molecule X-(CH2)n-Y with two end groups other than H, which serves as
        OOD test only.
    position_decimals
        Number of decimals of positions (Angstrom), which are rounded *before* they are labelled.
    seed
        Root of every random number: a molecule's frames depend on it and on their own name alone.
    """

    integrator: Literal["langevin-baoab"] = "langevin-baoab"
    temperature_K: float = Field(default=500.0, gt=0)
    timestep_fs: float = Field(default=2.0, gt=0, le=4)
    friction_time_fs: float = Field(default=100.0, gt=0)
    hydrogen_mass_u: float = Field(default=4.0, ge=1)
    equilibration_steps: int = Field(default=500, ge=0)
    stride_steps: int = Field(default=50, ge=1)
    primary: int = Field(default=40, ge=1)
    secondary: int = Field(default=15, ge=2)
    bifunctional_primary: int = Field(default=8, ge=1)
    bifunctional_secondary: int = Field(default=0, ge=0)
    position_decimals: int = Field(default=4, ge=3, le=6)
    seed: int = Field(default=0, ge=0)

    def frames(self, trajectory: Literal["primary", "secondary"], molecule: Molecule) -> int:
        """Return the number of frames of a trajectory."""
        if molecule.is_bifunctional:
            primary, secondary = self.bifunctional_primary, self.bifunctional_secondary
        else:
            primary, secondary = self.primary, self.secondary
        return primary if trajectory == "primary" else secondary

    def rng(self, molecule: str, purpose: str, attempt: int = 0) -> np.random.Generator:
        """Return the random numbers of one purpose for one molecule.

        They depend on the root seed, the molecule's name, the purpose and the attempt alone, and so
        neither on the order of molecules nor on the number of processes.
        """
        digest = hashlib.sha256(f"{molecule}/{purpose}/{attempt}".encode()).digest()
        return np.random.default_rng([self.seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])
