"""Results of a study on molecules of any kind: made up, nothing computed but the molecules."""

import builders
from builders import interval

from mlip_compose.core.records import OTHER
from mlip_compose.evaluation.gallery import Gallery, GalleryMolecule
from mlip_compose.evaluation.results import Attribution, ForceGrouping, ForceRow, MoleculeScore
from mlip_compose.evaluation.study_results import DatasetFacts, StudyResults
from mlip_compose.molecules.perception import molecule_of_smiles

TRAINED = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "ibuprofen": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "a-molecule-with-quite-a-long-name": "c1ccc2ccccc2c1",
    "": "CC(=O)[O-]",
}
UNSEEN = {"naphthol": "Oc1ccc2ccccc2c1", "1-2-diol": "C1CCC(O)C(O)C1", "benzene": "c1ccccc1"}
ROLES = {"net": "learned", "additive": "feasibility", "composition": "scale"}
TASK = {
    "name": "rings",
    "summary": "train on some molecules, test on others",
    "frames": "random",
    "train": [{"names": ["*"]}],
    "ood": [{"names": ["*"]}],
}


def study_of_any(trained=TRAINED, unseen=UNSEEN, task=TASK, gallery=True):
    """Return the results of three potentials on one task; a part is names with their SMILES.

    The k-th molecule of a part has an error of 10 (k + 1), unseen ones of ten times as much;
    ``additive`` has twice, ``composition`` eight times the error of ``net``.
    """
    parts = {
        part: [molecule_of_smiles(smiles, name) for name, smiles in given.items()]
        for part, given in (("id", trained), ("ood", unseen))
    }
    if not all(m for members in parts.values() for m in members):
        raise ValueError("RDKit refuses a SMILES")
    scores = tuple(
        builders.score(
            task=task["name"],
            potential=potential,
            role=role,
            coverage_radius=1,
            molecules=tuple(
                _score(molecule, part, factor * 10.0 * (k + 1) * (10 if part == "ood" else 1))
                for part, members in parts.items()
                for k, molecule in enumerate(members)
            ),
            attribution=Attribution(forces=(_by_family(parts),), energy=()),
        )
        for (potential, role), factor in zip(ROLES.items(), (1.0, 2.0, 8.0), strict=True)
    )
    everything = [molecule for members in parts.values() for molecule in members]
    return StudyResults(
        name="any",
        study={"tasks": [task], "levels": [2]},
        dataset=DatasetFacts(
            name="drugs",
            sha256="0" * 64,
            reference="gfn2-xtb",
            reference_settings={},
            sampling={},
            molecules=len(everything),
            frames=100,
        ),
        certificates=(),
        units=tuple(
            builders.unit_facts(task=task["name"], potential=potential, role=role)
            for potential, role in ROLES.items()
        ),
        scores=scores,
        pairs=(),
        provenance={},
        gallery=_gallery(everything) if gallery else None,
    )


def _score(molecule, part, error):
    parts = molecule.parts
    return MoleculeScore(
        molecule=molecule.name,
        family=molecule.family,
        left=parts.left if parts else None,
        chain=parts.chain if parts else None,
        right=parts.right if parts else None,
        part=part,
        frames=5,
        failed_frames=0,
        novel_atoms=3 if part == "ood" else 0,
        values={"forces_mae": error},
    )


def _by_family(parts):
    rows = [
        ForceRow(
            group=family,
            part=part,
            forces_mae=interval(50.0, 40.0, 60.0),
            share=0.1,
            atoms=10,
            molecules=1,
            frames=5,
        )
        for part, members in parts.items()
        for family in sorted({m.parts.left if m.parts else OTHER for m in members})
    ]
    return ForceGrouping(
        name="family", label="end group", unit="meV/Å", aggregation="mean", rows=tuple(rows)
    )


def _gallery(molecules):
    return Gallery(
        dataset_sha256="0" * 64,
        sources={},
        molecules=tuple(
            GalleryMolecule(
                name=m.name,
                smiles=m.smiles,
                numbers=tuple(m.numbers.tolist()),
                bonds=tuple((a, b, 1) for a, b in m.bonds.tolist()),
            )
            for m in molecules
        ),
    )
