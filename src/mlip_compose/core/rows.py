"""A row of results: which potential, trained on what, tested on what, judged by what."""

from __future__ import annotations

from pydantic import Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Role, SplitKey


class Row(Strict):
    """One potential, trained once, on one split of one data set.

    Attributes
    ----------
    task, level
        The split.
    potential
        Name under which results show the potential, such as ``mace-small``.
    role
        What the row is for.
    seed
        Seed of the training, and of the selection of its frames.
    dataset, dataset_sha256
        The data set, and the checksum of its content.
    reference
        Level of theory of the labels.
    train_frames
        Number of training frames; 0 for a potential that was trained elsewhere.
    """

    task: str
    level: int
    potential: str
    role: Role
    seed: int = Field(ge=0, lt=2**63)
    dataset: str
    dataset_sha256: str
    reference: str
    train_frames: int = Field(ge=0)

    @property
    def key(self) -> SplitKey:
        """Task, level and seed."""
        return SplitKey(self.task, self.level, self.seed)


class PredictedRow(Row):
    """A row, and what its predictions say of the potential.

    Attributes
    ----------
    unseen_terms
        For a potential with typed terms: for each kind of term in the OOD molecules, how many have
        a type that was not in training, and how many there are.
    failed_relaxations
        Molecules whose minimum the potential could not relax, with the reason.
    level_of_theory
        Level of theory of the labels of a potential that was trained elsewhere, and on none of this
        data (zero-shot); empty for all others.
    pretrained_on
        Level of theory of the pretraining of a potential that was then fine-tuned on this data;
        empty for all others.
    failures
        By reason, how many frames failed, minima and training frames included, and the first of
        them as ``molecule/trajectory/frame``.
    """

    unseen_terms: dict[str, tuple[int, int]] = Field(default_factory=dict)
    failed_relaxations: dict[str, str] = Field(default_factory=dict)
    level_of_theory: str = ""
    pretrained_on: str = ""
    failures: dict[str, tuple[int, str]] = Field(default_factory=dict)
