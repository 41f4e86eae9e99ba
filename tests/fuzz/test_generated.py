"""Documents and files that hypothesis makes up, read in this process."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlip_compose.core.documents import parse_json
from mlip_compose.core.errors import RequestError
from mlip_compose.core.plain_yaml import parse_yaml, write_yaml
from mlip_compose.datasets.recipe import Recipe, load_recipe
from mlip_compose.engine.job_queue import JobQueue, read_job_queue
from mlip_compose.potentials.published.card import read_card
from mlip_compose.predictions.file import PredictionHeader, read_predictions
from mlip_compose.store.formats.registry import read_frames
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.results import read_results
from mlip_compose.studies.study import Study, load_study
from mlip_compose.studies.training import read_unit
from mlip_compose.tasks.certificate_schema import Certificate

FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
WORDS = st.sampled_from(
    ["length", "full", "additive", "mace-small", "gfn2-xtb", "OH-1-H", "slurm", "4 GB", "../x", ""]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | WORDS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def document(*models):
    """Return mappings whose keys are mostly those of the models."""
    keys = [key for model in models for key in model.model_fields]
    return st.dictionaries(st.sampled_from(keys) | WORDS, VALUES, max_size=8)


def reads(read, *arguments):
    """Read; a refusal is right, and any other exception is not."""
    try:
        return read(*arguments)
    except RequestError:
        return None


@given(document(Study, Recipe, JobQueue), st.booleans())
@FEW
def test_generated_documents_are_refused_or_valid(tmp_path_factory, content, flow):
    path = tmp_path_factory.getbasetemp() / "document.yaml"
    path.write_text(yaml.safe_dump(content, default_flow_style=flow), "utf-8")
    study = reads(load_study, str(path))
    assert study is None or "/" not in study.name
    recipe = reads(load_recipe, str(path))
    assert recipe is None or recipe.digest
    queue = reads(read_job_queue, path)
    assert queue is None or queue.arguments()
    reads(read_card, path)


@given(st.text(max_size=300))
@FEW
def test_any_text_is_yaml_or_a_value_error(text):
    for parse in (parse_yaml, parse_json):
        try:
            parse(text)
        except ValueError:
            continue


@given(VALUES)
@FEW
def test_what_yaml_writes_is_read(value):
    written = write_yaml(value)
    assert repr(parse_yaml(written)) == repr(yaml.safe_load(written)) == repr(value)


@given(document(PredictionHeader, Certificate), st.binary(max_size=200))
@FEW
def test_generated_results_are_refused(tmp_path_factory, content, tail):
    folder = tmp_path_factory.getbasetemp()
    text = json.dumps(content)
    for name in ("unit.json", "results.json", "gallery.json"):
        (folder / name).write_bytes(text.encode() + (tail if name == "unit.json" else b""))
    assert reads(read_unit, folder) is None
    assert reads(read_results, ResultsDirectory(folder)) is None
    assert read_kept(folder / "results.json", Certificate, ResultsDirectory(folder)) is None


FRAGMENTS = st.sampled_from(
    [
        "1\n",
        "2\n",
        "-1\n",
        "99999999999\n",
        "\n",
        "H 0 0 0\n",
        "C 0 0 1.1\n",
        "Properties=species:S:1:pos:R:3",
        ":forces:R:3",
        ":x:R:999999999",
        " energy=1 ",
        ' Lattice="1 0 0 0 1 0 0 0 1" ',
        " name=../x ",
        "VEC1 1 0 0\n",
        " REF_energy=nan\n",
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=12), max_size=25).map("".join))
@FEW
def test_generated_extended_xyz_is_refused_or_valid(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "frames.xyz"
    path.write_bytes(text.encode("utf-8", "replace"))
    for frames in reads(lambda: list(read_frames(path))) or ():
        assert len(frames.energy) == len(frames.positions)


@given(st.sampled_from([b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"- of Ulm"]), st.binary())
@FEW
def test_generated_bytes_are_refused(tmp_path_factory, head, tail):
    folder = tmp_path_factory.getbasetemp()
    for suffix in (".h5", ".npz", ".traj", ".db"):
        path = folder / f"file{suffix}"
        path.write_bytes(head + tail)
        if suffix == ".h5":
            assert reads(Store, path) is None
            assert reads(read_predictions, path) is None
        else:
            assert reads(lambda path=path: list(read_frames(path))) is None
