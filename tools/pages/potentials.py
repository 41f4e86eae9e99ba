"""Every kind of potential with its settings."""

from pydantic import BaseModel

from mlip_compose.potentials.base import PotentialKind
from mlip_compose.potentials.neural.settings import TrainingSettings
from mlip_compose.potentials.published.card import CARDS
from mlip_compose.potentials.published.settings import (
    NativeSettings,
    TunedSettings,
    WeightsSettings,
)
from mlip_compose.potentials.registry import KINDS, find_card
from pages.markdown import code, prose, sentence, table
from pages.schemas import Key, keys_of, table_of

INTRODUCTION = """\
# Potentials and their settings

A kind of potential is named in `potentials` of a [study](study.md), or after the task in
`mlip-compose train`. Its settings have defaults; give those that differ under `settings`, or with
`--set key=value`. Values are YAML: `--set additive='{couplings: true}'`. A setting that a kind does
not have is refused. `mlip-compose potentials show NAME` prints the same.

A kind has a role: *scale* shows how large the numbers are, *feasibility* what a potential made of
parts can reach, and *learned* is what is put to the test.
"""

COMMON = "## Settings that every potential trained here has"

ABOUT_COMMON = """\
One gradient step takes a batch of frames. The budget is counted in steps, so it does not depend on
how fast a machine is. The table of a kind has what is its own, and what has another default."""

PUBLISHED = """\
## Published models

Each model card makes one or two kinds; [Foundation models](../potentials/foundation.md) says what
the cards hold. A kind with `:fine-tuned` after its name is trained on with the task's frames. The
settings follow from the backend."""


def page() -> str:
    """Return the page of all kinds."""
    published = {name for name in KINDS if find_card(name) is not None}
    own = [kind for name, kind in KINDS.items() if name not in published]
    common = keys_of(TrainingSettings)
    parts = [INTRODUCTION.rstrip(), _overview(own), COMMON, ABOUT_COMMON, table_of(common)]
    for kind in own:
        parts += _section(kind, common)
    parts += [PUBLISHED, _cards(), *_published(common)]
    return "\n\n".join(parts) + "\n"


def _overview(kinds: list[PotentialKind]) -> str:
    rows = [
        (
            f"[{code(kind.name)}](#{kind.name.replace('+', '')})",
            kind.role,
            code(kind.extra) if kind.extra else "",
            sentence(prose(kind.summary)),
        )
        for kind in kinds
    ]
    return table(("kind", "role", "extra", "what it is"), rows)


def _section(kind: PotentialKind, common: list[Key]) -> list[str]:
    parts = [f"## {kind.name}", sentence(prose(kind.summary))]
    seen = kind.settings().receptive_field()
    if seen is not None:
        parts.append(f"How far it sees with these settings: {sentence(prose(seen.words))}")
    keys = keys_of(kind.settings)
    trained = issubclass(kind.settings, TrainingSettings)
    if trained:
        known = {key.name: key for key in common}
        keys = [key for key in keys if known.get(key.name) != key]
    own = [key for key in keys if not key.name.startswith("additive.")]
    parts.append(table_of(own) if own else "It has no settings.")
    if own != keys:
        parts.append("Besides, under `additive`, the settings of [additive](#additive).")
    return parts


def _cards() -> str:
    rows = []
    for name in CARDS:
        card = find_card(name)
        assert card is not None
        kinds = [name, f"{name}:fine-tuned"] if card.fine_tuning else [name]
        where = "its own" if card.own_environment else f"extra {code(card.environment)}"
        rows.append((", ".join(map(code, kinds)), code(card.backend), where))
    return table(("kinds", "backend", "environment"), rows)


def _published(common: list[Key]) -> list[str]:
    known = {key.name: key for key in common}
    groups: tuple[tuple[str, type[BaseModel]], ...] = (
        ("As published, `mace` and `torchani`", NativeSettings),
        ("As published, `calculator`", WeightsSettings),
        ("Fine-tuned (besides those that every training has)", TunedSettings),
    )
    parts = []
    for title, model in groups:
        keys = keys_of(model)
        if model is TunedSettings:
            keys = [key for key in keys if known.get(key.name) != key]
        parts += [f"### {title}", table_of(keys)]
    parts.append(
        "There is one more, `card`: the digest of the model card, by which a training is known. "
        "Leave it as it is."
    )
    return parts
