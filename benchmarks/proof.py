"""How often the gate (``datasets.proof``) proves, refutes and cannot tell, by number of frames.

Labels of a frozen set are taken as they are, with the opposite sign, per atom, and in other units,
and claimed to be eV and eV/Angstrom. Frames are drawn at random. A line says of how many of 1,000
cases the claim is proved and refuted, and of how many of 1,000 that are refuted the right reading
is among those that are named. About 3 minutes of CPU for each set.
"""

import sys
import time

import numpy as np

from mlip_compose.datasets.proof import prove
from mlip_compose.datasets.readings import USUAL_PAIRS, Reading
from mlip_compose.datasets.slope import LabelledFrames, PairSums, pair_sums
from mlip_compose.datasets.store_proof import stored_proof
from mlip_compose.store.catalogue import open_dataset

FRAMES = ((1, 1), (1, 3), (1, 4), (1, 5), (1, 6), (1, 8), (1, 12), (1, 20), (1, 40))
POOLS = ((10, 1), (10, 2), (30, 2), (10, 3), (10, 8))
"""Numbers of molecules, and of frames of each."""
PLAIN = Reading()
WRONG = {
    "as they are": PLAIN,
    "opposite sign": Reading(gradients=True),
    "per atom": Reading(per_atom=True),
    "both": Reading(gradients=True, per_atom=True),
    **{f"{energy}, {forces}": Reading(energy, forces) for energy, forces in USUAL_PAIRS[1:]},
}
DIVIDED = 1 / 0.0433641**2
"""Energies in kcal/mol, divided by their unit in place of a multiplication."""


def read_as(one: PairSums, energy: float, forces: float) -> PairSums:
    """Return the sums that these numbers have in other units."""
    return one._replace(
        rise=one.rise * energy**2,
        work=one.work * forces**2,
        product=one.product * energy * forces,
        force=one.force * forces**2,
    )


def main(name: str) -> None:
    store, rng = open_dataset(name), np.random.default_rng(0)
    begun = time.process_time()
    stored_proof(store)
    print(f"{name}: the gate of a run takes {time.process_time() - begun:.2f} s of CPU")
    names = list(store.molecules)[:: 2 if name == "mini-v1" else 3]
    frames = {one: store.frames(one, "primary") for one in names}

    def drawn(molecule: str, count: int) -> list[PairSums]:
        own = frames[molecule]
        if len(own) < count:
            return []
        rows = np.sort(rng.choice(len(own), count, replace=False))
        numbers = store.molecules[molecule].numbers
        labels = (own.positions[rows], own.energy[rows], own.forces[rows])
        return pair_sums([LabelledFrames(molecule, numbers, *labels)], 1)

    cases = {shape: [drawn(one, shape[1]) for one in names] for shape in FRAMES}
    for molecules, count in POOLS:
        chosen = [rng.choice(names, molecules, replace=False) for _ in range(100)]
        cases[molecules, count] = [
            [one for molecule in some for one in drawn(molecule, count)] for some in chosen
        ]
    for (molecules, count), sums in cases.items():
        sums = [some for some in sums if some]
        print(f"{molecules} molecules, {count} frames of each ({len(sums)} cases)")
        for what, reading in WRONG.items():
            changed = [
                [
                    read_as(one, 1 / reading.energy_factor(one.n_atoms), 1 / reading.forces_factor)
                    for one in some
                ]
                for some in sums
            ]
            report(what, changed, reading)
        report("divided", [[read_as(one, DIVIDED, 1.0) for one in some] for some in sums], None)


def report(what: str, cases: list[list[PairSums]], right: Reading | None) -> None:
    """Print the rates of proofs, refutations and right names."""
    proofs = [prove(some, PLAIN) for some in cases]
    rates = [
        1000 * np.mean(rows)
        for rows in (
            [proof.proved is True for proof in proofs],
            [proof.proved is False for proof in proofs],
            [
                right in proof.explained_by if right else proof.explained_by == ()
                for proof in proofs
                if proof.proved is False
            ]
            or [False],
        )
    ]
    print("  {:28s} proved {:4.0f}, refuted {:4.0f}, named {:4.0f}".format(what, *rates))


if __name__ == "__main__":
    for dataset in sys.argv[1:] or ("mini-v1", "core-v1"):
        main(dataset)
