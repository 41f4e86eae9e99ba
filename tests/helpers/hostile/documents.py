"""YAML of users: study files, recipes, cluster files, model cards, values of ``--set``."""

from importlib.resources import files
from pathlib import Path

import dask.utils  # noqa: F401 - unpickles functions when it is loaded, which is no file's doing

from hostile.corrupted_documents import mutate_yaml
from hostile.reader import Reader
from mlip_compose.cli.options import settings_in
from mlip_compose.core.documents import canonical_json
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.engine.job_queue import read_job_queue
from mlip_compose.potentials.published.card import card_elements
from mlip_compose.potentials.registry import find_card, get_potential
from mlip_compose.studies.study import load_study

DATA = files("mlip_compose.data")
STUDY = """\
name: mine
dataset: mini-v1
tasks: [length, crossing]
levels: [1, 2]
potentials:
  - composition
  - {potential: additive, label: bonded, settings: {couplings: true, strengths: [0.3, 1.0]}}
  - {potential: mace-small, settings: {steps: 5000, cutoff: 4.5}}
  - {potential: calculator, settings: {function: "ase.calculators.emt:EMT", arguments: {a: 1}}}
seeds: [0, 1]
train_frames: 400
allow_missing: false
ceiling: true
relax_minima: false
predictions: [theirs.h5]
"""
RECIPE = """\
name: mine
molecules: [OH-1-H, NH2-2-F, H-4-H]
reference: gfn2-xtb
reference_settings: {accuracy: 0.1}
sampling:
  temperature_K: 500.0
  primary: 20
  secondary: 10
"""
CLUSTER = """\
system: slurm
jobs: 4
workers: 2
memory: 32 GB
walltime: "04:00:00"
queue: long
account: me
gpu: false
directives: ["--exclusive"]
prologue: [module load python]
python: /usr/bin/python3
interface: ib0
log_directory: logs
"""


def document(text, name):
    def make(rng, arena):
        path = arena.inside / name
        path.write_bytes(mutate_yaml(rng, text))
        return path

    return make


def study(path):
    loaded = load_study(str(path))
    loaded.check()
    assert "/" not in loaded.name
    assert loaded.name not in (".", "..", "")
    for entry in loaded.potentials:
        canonical_json(entry.resolved().model_dump(mode="json"))
        entry.pretraining  # noqa: B018 - a property that may raise
    canonical_json(loaded.model_dump(mode="json"))


def recipe(path):
    loaded = load_recipe(str(path))
    assert "/" not in loaded.name
    assert loaded.digest
    if isinstance(loaded.molecules, tuple):
        assert all(molecule.n_atoms for molecule in loaded.selected())


def card(path):
    kind = get_potential(str(path))
    user_card = find_card(str(path))
    assert kind.settings()
    assert card_elements(user_card)
    assert kind.settings.model_json_schema()


def option(rng, arena):
    return [f"key={mutate_yaml(rng, 'a: [1, 2.5, x]').decode('utf-8', 'replace')}"]


def shipped_card(name):
    text = Path(str(files("mlip_compose.potentials") / "cards" / f"{name}.yaml")).read_text("utf-8")
    return text.replace(f"name: {name}", "name: mine")


READERS = {
    "study": Reader(document(STUDY, "study.yaml"), study),
    "recipe": Reader(document(RECIPE, "recipe.yaml"), recipe),
    "cluster": Reader(
        document(CLUSTER, "cluster.yaml"), lambda path: read_job_queue(path).arguments()
    ),
    "card": Reader(document(shipped_card("ani-2x"), "card.yaml"), card),
    "card of a calculator": Reader(document(shipped_card("so3lr"), "card.yaml"), card),
    "setting": Reader(option, settings_in),
}
