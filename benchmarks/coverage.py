"""Time and memory of ``coverage`` for drug-like targets against training molecules.

    python benchmarks/coverage.py

Molecules are those that RDKit ships (WEHI's screening collection, NCI's first 5,000). Budget:
1,000 targets against 10,000 training molecules in 60 CPU s and 2 GB on one core, with reading.
"""

import csv
import itertools
import resource
import sys
import time
from pathlib import Path

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning.seen import seen_in

BUDGET_S, BUDGET_GB = 60.0, 2.0
RADIUS = 4
SIZES = ((100, 1_000), (1_000, 1_000), (100, 10_000), (1_000, 10_000))


def drug_like(count: int) -> list[Molecule]:
    """Return so many different molecules that RDKit ships."""
    from rdkit import RDConfig

    folder = Path(RDConfig.RDDataDir)
    with (folder / "Pains/test_data/wehi_mols.csv").open() as file:
        collection = [row[0] for row in csv.reader(file)]
    institute = (line.split()[0] for line in (folder / "NCI/first_5K.smi").open())
    graphs: dict[str, Molecule] = {}
    for smiles in itertools.chain(collection, institute):
        try:
            graph = molecule_of_smiles(smiles)
        except RequestError:  # salts and metals
            continue
        graphs.setdefault(graph.smiles, graph)
        if len(graphs) == count:
            break
    return list(graphs.values())


def main() -> None:
    """Measure, print, and fail beyond the budget."""
    start = time.process_time()
    molecules = drug_like(sum(SIZES[-1]))
    reading = (time.process_time() - start) / len(molecules)
    atoms = sum(graph.n_atoms for graph in molecules) / len(molecules)
    print(f"{len(molecules)} molecules of {atoms:.0f} atoms; reading {1e3 * reading:.2f} ms each")
    for targets, training in SIZES:
        start = time.process_time()
        seen_in(molecules[:targets], molecules[targets : targets + training], RADIUS)
        looking = time.process_time() - start
        total = looking + reading * (targets + training)
        sizes = f"{targets:>6} targets, {training:>6} training"
        print(f"{sizes}: {total:.1f} CPU s ({looking:.1f} looking)")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"largest: {total:.1f} CPU s of {BUDGET_S:.0f}, {memory:.2f} GB of {BUDGET_GB:.0f}")
    if total > BUDGET_S or memory > BUDGET_GB:
        sys.exit("beyond the budget")


if __name__ == "__main__":
    main()
