"""What the report is made from: one study's results, as a study writes them to ``results.json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import ReceptiveField, Role
from mlip_compose.evaluation.additivity import Additivity, ReactionErrors
from mlip_compose.evaluation.ceiling import CeilingScore, CeilingSummary
from mlip_compose.evaluation.gallery import Gallery
from mlip_compose.evaluation.horizon import Horizon
from mlip_compose.evaluation.learning import Levelling
from mlip_compose.evaluation.relaxations import Relaxations
from mlip_compose.evaluation.results import PairedDifference, Ranking, Score, SeedSummary


class DatasetFacts(Strict):
    """Which data a study used."""

    name: str
    sha256: str
    reference: str
    reference_settings: dict[str, Any]
    sampling: dict[str, Any]
    molecules: int
    frames: int


class UnitFacts(Strict):
    """One unit of work: the training of one potential on one set of frames, and what became of it.

    ``cost`` has ``wall_s``, ``cpu_s``, ``device`` and, where there are any, ``parameters`` and
    ``gradient_steps``; ``facts`` is the potential's own report (unseen types, validation ...).
    ``ceiling`` says that the OOD molecules were among those trained on; ``receptive_field`` is None
    for a potential that does not say how far it sees; ``level_of_theory`` and ``pretrained_on`` are
    those of its scores (zero-shot, fine-tuned), and empty for a potential trained from scratch.
    """

    id: str
    task: str
    levels: tuple[int, ...]
    potential: str
    role: Role
    seed: int
    train_frames: int
    settings: dict[str, Any]
    status: Literal["done", "failed"]
    reason: str = ""
    cost: dict[str, Any] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    ceiling: bool = False
    receptive_field: ReceptiveField | None = None
    level_of_theory: str = ""
    pretrained_on: str = ""


class StudyResults(Strict):
    """Everything that the report of a study shows.

    ``certificates`` are the documents of ``tasks certify --json``, one for each task and level;
    ``seed_summaries`` are there for a study of several seeds, ``rankings`` for one of several
    potentials, ``ceilings`` for one with ``ceiling: true`` (``ceiling_summaries`` with several
    seeds, too), ``horizons`` for one of several levels; ``additivity`` and ``reaction_errors``
    where the data set has relaxed minima, ``relaxations`` with ``relax_minima: true``;
    ``levellings`` of trainings with a validation curve;
    ``provenance`` holds versions, platform, the command and the time. ``gallery`` is a file of its
    own, and None in results of before there was one.
    """

    schema_version: Literal[1] = 1
    name: str
    study: dict[str, Any]
    dataset: DatasetFacts
    certificates: tuple[dict[str, Any], ...]
    units: tuple[UnitFacts, ...]
    scores: tuple[Score, ...]
    pairs: tuple[PairedDifference, ...]
    provenance: dict[str, Any]
    seed_summaries: tuple[SeedSummary, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    additivity: Additivity | None = None
    reaction_errors: tuple[ReactionErrors, ...] = ()
    relaxations: tuple[Relaxations, ...] = ()
    ceilings: tuple[CeilingScore, ...] = ()
    ceiling_summaries: tuple[CeilingSummary, ...] = ()
    horizons: tuple[Horizon, ...] = ()
    levellings: tuple[Levelling, ...] = ()
    gallery: Gallery | None = Field(default=None, exclude=True)
