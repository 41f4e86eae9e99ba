"""Write the force error of each OOD atom of a study, and the radius out to which it was seen.

    python tools/atom_errors.py plan-v1 results/plan-v1

writes ``results/plan-v1/atoms.json``, of which ``docs/coverage.md`` is made. It needs the raw
predictions of the run, which are not published.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from mlip_compose.planning.coverage import coverage_of
from mlip_compose.predictions.file import read_predictions
from mlip_compose.predictions.scoring import predicted_frames
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.opening import open_study
from mlip_compose.studies.plan import Training
from mlip_compose.studies.study import load_study


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("results", type=Path)
    given = parser.parse_args()
    opened, directory = open_study(load_study(given.study)), ResultsDirectory(given.results)
    rows = []
    for _, trainings in groupby(
        sorted(opened.trainings, key=lambda training: training.task), key=lambda t: t.task
    ):
        rows += list(_rows(list(trainings), opened.store, directory))
    out = given.results / "atoms.json"
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    out.write_text(f"[\n{text}\n]\n", "utf-8")
    print(f"{out}: {len(rows)} molecules")


def _rows(
    trainings: list[Training], store: Store, directory: ResultsDirectory
) -> Iterator[dict[str, Any]]:
    """Yield the atoms of each OOD molecule as each potential of one task predicts them."""
    selection = trainings[0].targets[0].selection
    targets = [store.molecules[name] for name in selection.ood]
    shown = coverage_of(targets, [store.molecules[name] for name in selection.train])
    for training in trainings:
        target = training.targets[0]
        path = directory.predictions(training.target_id(target.split.level))
        predictions = read_predictions(path)
        for molecule, coverage in zip(targets, shown, strict=True):
            indices = selection.ood[molecule.name]
            reference = store.frames(molecule.name, "primary", indices)
            predicted = predicted_frames(predictions, molecule, "primary", indices)
            error = np.abs(predicted.forces - reference.forces).mean(axis=(0, 2)) * 1000.0
            yield {
                "task": training.task,
                "potential": training.entry.shown,
                "molecule": molecule.smiles,
                "numbers": molecule.numbers.tolist(),
                "radii": coverage.seen.radii.tolist(),
                "forces_mae": [round(float(value), 2) for value in error],
            }


if __name__ == "__main__":
    main()
