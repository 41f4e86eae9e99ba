import base64
import json
import zlib

import numpy as np
import pytest

from mlip_compose.evaluation.gallery import (
    Gallery,
    GalleryFrame,
    GalleryMember,
    GalleryMolecule,
    GalleryPotential,
    GallerySet,
    encode,
)
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.molecules import molecules_document

HOSTILE = "<script>alert(1)</script>"
NAMES = ("OH-2-H", "OH-7-H", "OH-8-H")


def graph(name, shown=None):
    molecule = assemble(parse_name(name))
    bonds = zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True)
    return GalleryMolecule(
        name=shown or name,
        smiles=molecule.smiles if shown is None else shown,
        numbers=tuple(molecule.numbers.tolist()),
        bonds=tuple((a, b, order) for (a, b), order in bonds),
    )


def gallery(levels=(2,), hostile=False):
    molecules = tuple(graph(name) for name in NAMES)
    if hostile:
        molecules = (*molecules, graph("OH-9-H", HOSTILE))
    potentials = ("mace-small", HOSTILE if hostile else "additive")
    errors = (31.25, None)
    members = tuple(
        GalleryMember(
            molecule=molecule.name,
            part="id" if molecule.name == "OH-2-H" else "ood",
            novel=() if molecule.name == "OH-2-H" else (4, 5),
            frames=(
                GalleryFrame(trajectory="primary", frame=7, why="median", errors=errors),
                GalleryFrame(trajectory="primary", frame=1, why="largest", errors=errors),
            ),
        )
        for molecule in molecules
    )
    rows = sum(2 * len(molecule.numbers) for molecule in molecules)
    return Gallery(
        dataset_sha256="c0ffee",
        sources={},
        molecules=molecules,
        sets=tuple(
            GallerySet(
                task="length",
                level=level,
                seed=0,
                coverage_radius=level,
                potentials=tuple(GalleryPotential(name=p, role="learned") for p in potentials),
                members=members,
                values=encode(np.arange(12 * rows, dtype=np.int16)),
            )
            for level in levels
        ),
    )


@pytest.fixture(scope="module")
def study(results):
    return results.model_copy(update={"gallery": gallery()})


def index_of(document):
    return json.loads(zlib.decompress(base64.b64decode(document["index"])))


def test_without_a_gallery_there_is_no_section(results):
    assert molecules_document(results) is None
    text = render_report(results)
    assert 'id="molecules"' not in text
    assert "viewer-library" not in text.split("<script>")[0]


def test_the_index_has_drawings_roles_and_errors(study):
    document = molecules_document(study)
    index = index_of(document)
    assert document["reference"] == "gfn2-xtb"
    assert index["molecules"]["OH-7-H"]["formula"] == "C₇H₁₆O"
    assert index["molecules"]["OH-7-H"]["about"] == "alcohol OH, n = 7"
    assert index["molecules"]["OH-7-H"]["elements"].count("C") == 7
    assert [column["label"] for column in index["columns"]] == [
        "Force MAE",
        "Energy MAE, within a molecule",
        "Force MAE, novel atoms",
    ]
    (each,) = index["sets"]
    member = each["members"]["OH-7-H"]
    score = next(
        m
        for s in study.scores
        if (s.task, s.potential) == ("length", "mace-small")
        for m in s.molecules
        if m.molecule == "OH-7-H"
    )
    assert float(member["table"][0][0]) == pytest.approx(score.values["forces_mae"], abs=0.06)
    assert member["tested"] == score.frames
    assert member["frames"][1] == {
        "trajectory": "primary",
        "frame": 1,
        "why": "largest",
        "errors": ["31.2", "–"],
    }
    starts = [each["members"][name]["start"] for name in NAMES]
    atoms = [len(index["molecules"][name]["elements"]) for name in NAMES]
    assert starts == [0, 2 * atoms[0], 2 * (atoms[0] + atoms[1])]


def test_the_first_molecule_is_an_unseen_one_with_a_large_error(study):
    assert index_of(molecules_document(study))["sets"][0]["first"] in ("OH-7-H", "OH-8-H")


def test_levels_that_do_not_fit_have_no_frames(make_results):
    results = make_results(levels=(1, 2, 3), failed=())
    results = results.model_copy(update={"gallery": gallery(levels=(1, 2, 3))})
    assert None not in molecules_document(results)["values"]
    size = len(results.gallery.sets[0].values)
    index = len(molecules_document(results)["index"])
    values = molecules_document(results, index + size)["values"]
    assert [value is None for value in values] == [True, False, True]  # the level shown first
    assert molecules_document(results, 0)["values"] == [None] * 3


def test_the_page_has_the_section_with_names_and_the_library_at_rest(study):
    text = render_report(study)
    assert text.index('id="molecules"') < text.index('id="certificates"')
    assert '<option value="OH-7-H">' in text
    assert '<script type="text/plain" id="viewer-library">' in text
    assert text.count('<option value="OH-') == len(NAMES)


def test_names_with_markup_are_shown_as_they_are(results):
    hostile = results.model_copy(update={"gallery": gallery(hostile=True)})
    text = render_report(hostile)
    plain = render_report(results.model_copy(update={"gallery": gallery()}))
    assert HOSTILE not in text
    assert text.count("<script") == plain.count("<script")
    assert '<option value="&lt;script&gt;alert(1)&lt;/script&gt;">' in text
    index = index_of(molecules_document(hostile))
    assert HOSTILE in index["molecules"]
    assert index["molecules"][HOSTILE]["about"] == ""


def test_the_script_writes_no_markup():
    from mlip_compose.report.page import TEMPLATES

    for part in ("molecules", "viewer"):
        code = (TEMPLATES / "js" / f"{part}.js").read_text("utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in code


def test_the_policy_lets_the_library_run_when_it_is_needed(study):
    import hashlib

    from mlip_compose.report.page import MOL3D, vendored

    digest = base64.b64encode(hashlib.sha256(vendored(MOL3D).encode()).digest()).decode()
    head = render_report(study).split("</head>")[0]
    assert f"'sha256-{digest}'" in head
    assert "unsafe-eval" not in head
    assert "worker-src" not in head
