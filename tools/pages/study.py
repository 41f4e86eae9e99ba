"""Keys of a study file, of a task file and of a recipe."""

from mlip_compose.datasets.recipe import Recipe, recipe_names
from mlip_compose.potentials.entry import Entry
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.studies.study import Study, study_names
from mlip_compose.tasks.conditions import Condition
from mlip_compose.tasks.files import TaskFile
from pages.markdown import code
from pages.schemas import Key, keys_of, table_of

STUDY = """\
# Study files

A study says which potentials are trained on which tasks, on how many frames. It is a YAML file for
`mlip-compose run FILE`, or one of those that come with the package: {studies}. A key that there is
not is refused, and the nearest one named. YAML is read as version 1.2 has it: `no` is text, only
`true` and `false` are truth, and `4e2` is 400.

```yaml
name: mine
dataset: core-v1
tasks: [length, recombination]
levels: [1, 2, 3]
potentials:
  - additive
  - mace-small
  - {{potential: mace-small, settings: {{steps: 5000}}, label: mace-longer}}
seeds: [0, 1, 2]
train_frames: 400
ceiling: true
```

## Keys of a study"""

ENTRY = """\
## Keys of a potential in a study

An entry of `potentials` is the name of a kind, or a mapping with these keys. The settings of every
kind are in [Potentials and their settings](potentials.md)."""

TASK = """\
## Task files

A task file says which molecules are trained on, and which are tested on. Its path stands for the
name of a task in commands and studies; `mlip-compose tasks new FILE` writes one to begin with.

```yaml
name: rings
summary: train on molecules without a ring, test on those with one
train: {without: {smarts: "[R]"}}
ood: [{smarts: "[R]", heavy_atoms: {most: 9}}, {names: [aspirin]}]
```"""

CONDITION = """\
## Keys of a condition

`train` and `ood` are a condition, or a list of conditions of which one holds. All keys of a
condition hold."""

RECIPE = """\
## Recipes of data sets

A recipe says how a data set is made. It is a YAML file for `mlip-compose data build FILE`, or one
of those that come with the package: {recipes}.

```yaml
name: alcohols
molecules: [OH-1-H, OH-2-H, OH-3-H]
reference: gfn2-xtb
sampling: {{temperature_K: 300, primary: 20, secondary: 10}}
```"""


def page() -> str:
    """Return the page of study files, task files and recipes."""
    parts = [
        STUDY.format(studies=", ".join(map(code, study_names()))),
        table_of(keys_of(Study)),
        ENTRY,
        table_of(keys_of(Entry)),
        TASK,
        table_of(keys_of(TaskFile)),
        CONDITION,
        table_of(keys_of(Condition)),
        RECIPE.format(recipes=", ".join(map(code, recipe_names()))),
        table_of([*_without_sampling(), *keys_of(SamplingProtocol, "sampling.")]),
    ]
    return "\n\n".join(parts) + "\n"


def _without_sampling() -> list[Key]:
    return [key for key in keys_of(Recipe) if not key.name.startswith("sampling.")]
