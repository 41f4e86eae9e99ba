"""The proof of a store's labels: made once, kept in its header, looked up when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError
from mlip_compose.core.records import Frames, Molecule
from mlip_compose.datasets.proof import Proof, diagnosis, prove
from mlip_compose.datasets.readings import Reading
from mlip_compose.datasets.slope import LARGE, LabelledFrames, pair_sums
from mlip_compose.datasets.work_of_forces import FRAMES, evenly
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES

PROOF: Final = "energies_and_forces"
"""Key of a header's ``sampling``: whether it is proved that energies belong to forces.

Its value has ``proved``, true or false, and ``found``, the measurement in words. Stores that were
made by earlier versions have no such key.
"""


class LabelProof(NamedTuple):
    """Whether a store's energies are proved to belong to its forces, and what was measured."""

    proved: bool
    found: str

    def __str__(self) -> str:
        return f"{'proved' if self.proved else 'not proved'}: {self.found}"


def summary(proofs: Sequence[Proof]) -> dict[str, Any]:
    """Return what a header says of the proofs of all its labels."""
    found = dict.fromkeys(
        diagnosis(proof) if proof.proved is False else proof.found for proof in proofs
    )
    return {"proved": all(proof.proved for proof in proofs), "found": "; ".join(found)}


def prove_labels(
    molecules: Mapping[str, Molecule], frames_of: Callable[[str], Frames | None]
) -> Proof:
    """Hold labels in eV and eV/Angstrom against each other, on a sample of the molecules.

    Parameters
    ----------
    molecules
        By name.
    frames_of
        Returns frames of a molecule; None where there are none.
    """
    names = np.random.default_rng(0).permutation(sorted(molecules))

    def samples() -> Iterator[LabelledFrames]:
        for name in sorted(names.tolist(), key=lambda name: molecules[name].n_atoms > LARGE):
            frames = frames_of(name)
            if frames is not None:
                yield LabelledFrames(
                    name,
                    molecules[name].numbers,
                    frames.positions,
                    frames.energy,
                    frames.forces,
                )

    return prove(pair_sums(samples(), len(names)), Reading())


def stored_proof(store: Store, unproved: bool = False) -> LabelProof:
    """Return whether a store's labels are proved; a store that does not say is looked into.

    Parameters
    ----------
    store
        The data set.
    unproved
        Whether labels are taken although energies do not belong to forces.

    Raises
    ------
    DataError
        Energies do not belong to forces.
    """
    kept = store.header.sampling.get(PROOF)
    if isinstance(kept, Mapping) and isinstance(kept.get("proved"), bool):
        return LabelProof(kept["proved"], str(kept.get("found", "")))
    with store.kept_open():
        proof = prove_labels(store.molecules, lambda name: longest(store, name))
    refuse_refuted(
        proof,
        f"energies and forces of {store.name} that belong together",
        "Import or label the data anew, or go on with --unproved.",
        unproved,
    )
    return LabelProof(**summary([proof]))


def prove_made_labels(
    molecules: Mapping[str, Molecule],
    frames_of: Callable[[str], Frames | None],
    out: Path,
    reference: str,
    unproved: bool,
) -> Proof:
    """Hold labels against each other that a reference has made for a new store.

    Parameters
    ----------
    molecules, frames_of
        See :func:`prove_labels`.
    out
        The file of the store.
    reference
        Name of the level of theory.
    unproved
        Whether labels are taken although energies do not belong to forces.

    Raises
    ------
    DataError
        Energies do not belong to forces.
    """
    proof = prove_labels(molecules, frames_of)
    refuse_refuted(
        proof,
        f"labels of {reference} whose energies and forces belong together",
        f"Mend the reference, remove {out}.parts and label anew; or take the labels as they are "
        "with --unproved.",
        unproved,
    )
    return proof


def refuse_refuted(proof: Proof, expected: str, hint: str, unproved: bool) -> None:
    """Raise ``DataError`` where a claim is refuted, unless labels are taken unproved."""
    if proof.proved is False and not unproved:
        raise DataError(f"{expected}, read as {proof.claim}", diagnosis(proof), hint)


def longest(store: Store, name: str) -> Frames | None:
    """Return frames of the longer trajectory of a molecule, no more than are compared."""
    trajectory = max(TRAJECTORIES, key=lambda one: store.n_frames(name, one))
    if not (count := store.n_frames(name, trajectory)):
        return None
    return store.frames(name, trajectory, evenly(count, FRAMES))
