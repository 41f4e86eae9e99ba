import json

import numpy as np
import pytest

from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.parity import parities
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.leaderboard import runs_of
from mlip_compose.report.sections.parities import parity_document


@pytest.fixture(scope="module")
def found():
    molecule = assemble(parse_name("OH-1-H"))
    rng = np.random.default_rng(0)
    forces, energy = rng.normal(0.0, 1.0, (9, molecule.n_atoms, 3)), rng.normal(0.0, 0.2, 9)
    return parities(
        [
            Comparison(
                molecule=molecule,
                part=part,
                reference_energy=energy,
                predicted_energy=energy,
                reference_forces=forces,
                predicted_forces=forces,
                novel=np.zeros(molecule.n_atoms, dtype=bool),
            )
            for part in ("id", "ood")
        ]
    )


@pytest.fixture(scope="module")
def with_parity(results, found):
    scores = tuple(
        s.model_copy(update={"parity": found}) if s.potential == "additive" else s
        for s in results.scores
    )
    return results.model_copy(update={"scores": scores})


def test_panels_hold_the_counts_of_the_score(with_parity, found):
    document = parity_document(with_parity, 2, "length", runs_of(with_parity))
    assert list(document) == ["additive"]
    panels = document["additive"]
    assert [panel["title"] for panel in panels][:2] == [
        "force component, training molecules (ID)",
        "force component, unseen molecules (OOD)",
    ]
    heat = panels[0]["figure"]["data"][0]
    assert heat["packed"] == found[0].counts
    assert heat["x0"] - heat["dx"] / 2 == pytest.approx(found[0].low)
    assert heat["x0"] + (heat["bins"] - 0.5) * heat["dx"] == pytest.approx(found[0].high)
    assert "162 pairs" in panels[0]["caption"]
    assert "100 % of those shown" in panels[0]["caption"]
    json.dumps(document, allow_nan=False)


def test_the_page_has_the_section_only_with_histograms(results, with_parity):
    assert '<section id="parity"' in render_report(with_parity)
    assert '<section id="parity"' not in render_report(results)
