"""How many steps make frames independent, for the protocols of mini-v1 and core-v1.

Prints the energy's autocorrelation over time and the number of independent frames that a second of
CPU time gives: 1 / (time a step x integral of the autocorrelation x 2). About 8 minutes.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time

import numpy as np

from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.datasets.statistics import energy_autocorrelation, statistical_inefficiency
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.sampling.conformers import conformer_pool, draw_starts
from mlip_compose.sampling.dynamics import sample_trajectory

PICOSECONDS = {"OH-1-H": 24.0, "COOH-4-H": 18.0, "NH2-8-H": 12.0}
TIMES_FS = (12, 24, 48, 72, 90, 150, 300)


def measure(recipe: str, name: str) -> str:
    protocol = load_recipe(recipe).sampling.model_copy(update={"stride_steps": 1})
    molecule, reference = assemble(parse_name(name)), Gfn2Xtb()
    pool = conformer_pool(molecule, protocol.rng(name, "conformers"))
    start, _ = draw_starts(molecule, pool, protocol.temperature_K, protocol.rng(name, "starts"))
    steps = int(PICOSECONDS[name] * 1000 / protocol.timestep_fs)
    begun = time.process_time()
    rng = protocol.rng(name, "primary")
    frames = sample_trajectory(molecule, start, steps, reference, protocol, rng)
    each = (time.process_time() - begun) / (steps + protocol.equilibration_steps)
    walker = reference.walker(molecule.numbers)

    class Geometry:
        def __init__(self, positions):
            self.positions = positions

    energy = np.array([walker.get_potential_energy(Geometry(frame)) for frame in frames])
    longest = int(600 / protocol.timestep_fs)
    correlation = energy_autocorrelation([energy], longest)
    independent = 1 / (each * statistical_inefficiency(correlation))
    shown = " ".join(
        f"C({fs} fs)={correlation[round(fs / protocol.timestep_fs)]:.2f}" for fs in TIMES_FS
    )
    return f"{recipe} {name}: {shown}; {independent:.2f} independent frames a CPU second"


if __name__ == "__main__":
    for name in PICOSECONDS:
        for recipe in ("mini-v1", "core-v1"):
            print(measure(recipe, name), flush=True)
