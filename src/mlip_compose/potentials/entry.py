"""A potential with its settings and the name of its row."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from mlip_compose.core.documents import Strict, validated
from mlip_compose.core.errors import UnknownNameError
from mlip_compose.potentials.base import PotentialKind, Pretraining, Settings
from mlip_compose.potentials.registry import get_potential

LABEL: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._+-]*$"


class Entry(Strict):
    """A potential in a study: its kind, settings other than the defaults, and the name of its row.

    Attributes
    ----------
    potential
        Name of the kind.
    settings
        Settings that differ from the kind's defaults.
    label
        Name of its row in results; the kind's name where none is given.
    levels, seeds, ceiling
        Values of this potential in place of the study's; null takes those of the study.
        ``ceiling`` may list the levels that have one.
    """

    potential: str
    settings: dict[str, Any] = Field(default_factory=dict)
    label: str = Field(default="", pattern=rf"{LABEL}|^$")
    levels: tuple[int, ...] | None = Field(default=None, min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(default=None, min_length=1)
    ceiling: bool | tuple[int, ...] | None = None

    @property
    def shown(self) -> str:
        """Name of the row."""
        return self.label or self.potential

    @property
    def kind(self) -> PotentialKind:
        """The kind of potential.

        Raises
        ------
        UnknownNameError
            No potential has this name.
        """
        return get_potential(self.potential)

    @property
    def pretraining(self) -> Pretraining | None:
        """What the potential learned elsewhere; None for a potential from scratch."""
        return self.kind.pretraining or self.resolved().pretraining()

    @property
    def is_zero_shot(self) -> bool:
        """Whether the potential was trained elsewhere and is not trained on frames of a task."""
        return self.pretraining is not None and not self.pretraining.fine_tuned

    def resolved(self) -> Settings:
        """Return all settings, defaults included.

        Raises
        ------
        UnknownNameError
            The kind has no such setting.
        StudyError
            A setting cannot have this value.
        """
        schema = self.kind.settings
        for key in self.settings:
            if key not in schema.model_fields:
                raise UnknownNameError(f"setting of {self.potential}", key, schema.model_fields)
        return validated(schema, self.settings, f"settings of {self.potential}")


def as_entry(value: Any) -> Any:
    """Return the name of a kind as the mapping of an entry, and any other value unchanged."""
    return {"potential": value} if isinstance(value, str) else value


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return the fields of results that say which potential this is, and where it was trained.

    ``level_of_theory`` is filled for a zero-shot potential, and ``pretrained_on`` for a fine-tuned
    one. Both are empty for potentials from scratch.
    """
    elsewhere, fine_tuned = "", False
    if entry.pretraining is not None:
        elsewhere, fine_tuned = entry.pretraining.level_of_theory, entry.pretraining.fine_tuned
    return {
        "potential": entry.shown,
        "role": entry.kind.role,
        "settings": entry.resolved().model_dump(mode="json"),
        "level_of_theory": "" if fine_tuned else elsewhere,
        "pretrained_on": elsewhere if fine_tuned else "",
    }
