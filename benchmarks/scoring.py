"""Score predictions of the size of GMD-26: 296,534 frames of 118 molecules, 10,000 resamples.

Budget: 10 s and 2 GB on one core, the predictions themselves included. Run it with
``python benchmarks/scoring.py``; the exit status is 1 where the budget is exceeded.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import sys
import time

import numpy as np

from mlip_compose.core.records import Comparison, Molecule, Parts
from mlip_compose.evaluation.metric_names import METRICS
from mlip_compose.evaluation.paired import paired_differences
from mlip_compose.evaluation.reactions import Minimum
from mlip_compose.evaluation.score import Header, score
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.groups import END_GROUPS

PRIMARY_FRAMES, SECONDARY_FRAMES = 2_013, 500
SECONDS, GIGABYTES = 10.0, 2.0


def make_molecules() -> list[Molecule]:
    """Ten families with n = 1..12, without the last two: 118 molecules of 5 to 42 atoms."""
    return [assemble(Parts(family, n, "H")) for n in range(1, 13) for family in END_GROUPS][:118]


def make_comparison(rng: np.random.Generator, molecule: Molecule, part: str, frames: int):
    shape = (frames, molecule.n_atoms, 3)
    energy = rng.normal(-100.0, 1.0, frames)
    forces = rng.standard_normal(shape, dtype=np.float32)
    return Comparison(
        molecule=molecule,
        part=part,
        reference_energy=energy,
        predicted_energy=energy + rng.normal(0.0, 0.1, frames),
        reference_forces=forces,
        predicted_forces=forces + 0.1 * rng.standard_normal(shape, dtype=np.float32),
        novel=rng.random(molecule.n_atoms) < 0.2 if part == "ood" else np.zeros(shape[1], bool),
    )


def main() -> int:
    rng = np.random.default_rng(0)
    molecules = make_molecules()
    train = [m for m in molecules if m.parts.chain <= 6]
    ood = [m for m in molecules if m.parts.chain > 6]
    comparisons = [
        *(make_comparison(rng, m, "train", PRIMARY_FRAMES) for m in train),
        *(make_comparison(rng, m, "id", SECONDARY_FRAMES) for m in train),
        *(make_comparison(rng, m, "ood", PRIMARY_FRAMES + SECONDARY_FRAMES) for m in ood),
    ]
    minima = {m.name: Minimum(m, *rng.normal(-100.0, 0.1, 2)) for m in molecules}
    frames = sum(len(c.reference_energy) for c in comparisons)
    header = Header(
        task="length",
        level=3,
        coverage_radius=3,
        potential="a",
        role="learned",
        seed=0,
        dataset="gmd-26",
        dataset_sha256="0" * 64,
        reference="pbe",
        train_frames=0,
    )

    start, cpu = time.perf_counter(), time.process_time()
    result = score(
        header, comparisons, train=[m.name for m in train], ood=[m.name for m in ood], minima=minima
    )
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{frames:,} frames of {len(molecules)} molecules, {result.resamples:,} resamples")
    print(f"scored in {wall:.2f} s (CPU {cpu:.2f} s; budget {SECONDS:g} s)")
    print(f"peak memory {peak:.2f} GB, predictions included (budget {GIGABYTES:g} GB)")

    start = time.perf_counter()
    other = result.model_copy(update={"potential": "b"})
    pairs = paired_differences([result, other], list(METRICS))
    print(f"{len(pairs)} paired differences in {time.perf_counter() - start:.2f} s")
    return int(max(wall / SECONDS, peak / GIGABYTES) > 1.0)


if __name__ == "__main__":
    sys.exit(main())
