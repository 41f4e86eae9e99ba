"""What an evaluation says: every number with unit, aggregation, level of theory and split.

These records are the files of scores (``model_dump_json``), strict in both directions.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Interval, Role, TestPart
from mlip_compose.core.rows import Row
from mlip_compose.evaluation.parity import Parity

GroupingName = Literal[
    "family", "chain", "heavy_atoms", "element", "end_distance", "novel_distance", "seen_radius"
]


class ForceRow(Strict):
    """The force error of one group of atoms.

    ``forces_mae`` has the unit of its grouping and an interval from the bootstrap over the
    molecules that have such atoms. ``share`` is this group's part of the sum of all absolute force
    errors of the test part. ``atoms`` and ``frames`` are counted once for each molecule, of which
    there are ``molecules``; failed frames are in none of these.
    """

    group: str
    part: TestPart
    forces_mae: Interval
    share: float
    atoms: int
    molecules: int
    frames: int


class ForceGrouping(Strict):
    """Force errors by one property of atoms or molecules; rows are in the property's order."""

    name: GroupingName
    label: str
    unit: str
    aggregation: str
    rows: tuple[ForceRow, ...]


class EnergyRow(Strict):
    """The energy error of a family, split as ``e = slope * n + rest``.

    ``group`` is an end group, or ``all`` for all molecules with one slope. ``slope`` (meV per CH2)
    is None where no family has molecules of two chain lengths; so are ``constant`` and ``rest``
    then. ``total`` and ``rest`` are the root mean square of e before and after the growing part is
    removed, and ``constant`` the mean of the rest, with its sign; all three in meV. ``chains``
    counts different n.
    """

    group: str
    part: TestPart
    slope: Interval | None
    constant: Interval | None
    rest: Interval | None
    total: Interval | None
    molecules: int
    chains: int
    frames: int


class EnergySplit(Strict):
    """Energy errors split into a part that grows with the chain and a rest.

    ``name`` is ``energy`` for the predictions as they are, ``energy_offset`` after per-element
    offsets fitted on training labels.
    """

    name: Literal["energy", "energy_offset"]
    label: str
    slope_unit: str
    unit: str
    aggregation: str
    rows: tuple[EnergyRow, ...]


class Attribution(Strict):
    """Where the error of one potential on one split is."""

    forces: tuple[ForceGrouping, ...]
    energy: tuple[EnergySplit, ...]


class MetricWords(Strict):
    """A metric as people read it; ``name`` is that of files, such as ``forces_mae``."""

    name: str
    label: str
    unit: str
    aggregation: str


class Metric(MetricWords):
    """One metric of one potential on one split.

    ``id``, ``ood`` and ``gap`` (OOD / ID) are None where the split has no such frames or no
    finite value. Frames and molecules are those that are in the averages. Of a metric of reactions,
    ``id_frames`` and ``ood_frames`` count reactions, ``id_molecules`` and ``ood_molecules``
    families: what is resampled.
    """

    id: Interval | None
    ood: Interval | None
    gap: Interval | None
    id_frames: int
    ood_frames: int
    id_molecules: int
    ood_molecules: int


class MoleculeScore(Strict):
    """The errors on one molecule's frames.

    ``left``, ``chain`` and ``right`` are None for a molecule that is in no series.
    ``values`` maps metric names to values in the metric's unit. ``frames`` counts all that were
    compared, ``failed_frames`` those among them that are in no value because the prediction was not
    finite. ``weights`` says over how many force components or frames each value is averaged (where
    these are weighted, the sum of their weights): with both, every pooled value and its interval
    follow from the file.
    """

    molecule: str
    family: str
    left: str | None
    chain: int | None
    right: str | None
    part: TestPart
    frames: int
    failed_frames: int
    novel_atoms: int
    values: dict[str, float]
    weights: dict[str, int | float] = Field(default_factory=dict)


class ReactionScore(Strict):
    """One reaction energy, in kcal/mol, from relaxed minima.

    ``kind`` is ``exchange`` (X-R-Y + H-R-H -> X-R-H + H-R-Y) or ``increment`` (E(n+1) - E(n));
    ``family`` is that of X-R-Y or of the series. ``predicted_offset`` is the prediction with the
    per-element offsets of the training labels (None without training labels); an exchange does not
    depend on them. ``predicted`` is at the reference's minima, ``predicted_relaxed`` at those that
    the potential relaxed to (None where none were relaxed, or one could not be). Of a potential
    with another zero of energy (``Score.other_zero``) increments have neither: no reaction that is
    not balanced in elements says anything without offsets.
    """

    name: str
    kind: Literal["exchange", "increment"]
    family: str
    chain: int
    part: TestPart
    reference: float
    predicted: float | None
    predicted_offset: float | None = None
    predicted_relaxed: float | None = None
    predicted_relaxed_offset: float | None = None


def other_zero(level_of_theory: str, reference: str) -> bool:
    """Return whether a potential's energies count from another zero than the reference's.

    So they do where it was trained elsewhere, on another level of theory: raw energies and reaction
    energies that are not balanced in elements are then withheld.
    """
    return level_of_theory not in ("", reference)


class OfSeed(Strict):
    """One training of a potential on one split: whose number a record holds."""

    task: str
    level: int
    seed: int
    potential: str


class ScoreHead(Strict):
    """The first keys in the file of a score: its schema, and the split with its certified r*."""

    schema_version: Literal[1] = 1
    task: str
    level: int
    coverage_radius: int


class ScoredRow(Row, ScoreHead):
    """A row that was scored.

    The order of the bases is that of the keys in files, from the last base to the first: a field
    that two of them have stands where the later one has it.
    """


class Score(ScoredRow):
    """All that is known of one potential on one task at one level.

    ``resamples`` is the number of bootstrap resamples, drawn from ``resampling_seed``; intervals
    are at ``confidence``. ``energy_offsets`` (eV, by atomic number) are the per-element offsets
    that were fitted on training labels, None where there were none. ``failed_minima`` names the
    molecules whose minimum has no finite predicted energy; their reactions are left out.
    Where minima were relaxed with the potential, ``relaxed_rmsd`` (Angstrom, by molecule) says how
    far from the reference's minimum that ended, superposed, and ``failed_relaxations`` why a
    molecule has none.
    ``unseen_terms`` is there for potentials with typed terms: for each kind of term in the OOD
    molecules, how many have a type that was not in training, and how many there are.
    ``attribution`` says where in the molecules the error is, ``parity`` how predicted values lie
    against those of the reference, binned; None in files older than that.
    ``level_of_theory`` is that of the labels that a potential was trained on which was trained
    elsewhere and on none of this data (zero-shot; empty for all others): its errors are not its
    own alone, but also the difference between that and the ``reference``. ``pretrained_on`` is the
    level of theory of the pretraining of a potential that was fine-tuned on this data.
    ``failures`` has, by reason, how many frames the potential failed on, training frames and
    minima included, and the first of them.
    """

    train_molecules: int
    resamples: int
    confidence: float
    metrics: tuple[Metric, ...]
    molecules: tuple[MoleculeScore, ...]
    failed_frames: int
    reactions: tuple[ReactionScore, ...] = ()
    failed_minima: tuple[str, ...] = ()
    relaxed_rmsd: dict[str, float] = Field(default_factory=dict)
    failed_relaxations: dict[str, str] = Field(default_factory=dict)
    energy_offsets: dict[int, float] | None = None
    resampling_seed: int = 0
    unseen_terms: dict[str, tuple[int, int]] = Field(default_factory=dict)
    attribution: Attribution | None = None
    parity: tuple[Parity, ...] | None = None
    level_of_theory: str = ""
    pretrained_on: str = ""
    failures: dict[str, tuple[int, str]] = Field(default_factory=dict)

    @property
    def other_zero(self) -> bool:
        """Whether energies count from another zero than the reference's."""
        return other_zero(self.level_of_theory, self.reference)

    def metric(self, name: str) -> Metric:
        """Return the metric of this name."""
        return next(metric for metric in self.metrics if metric.name == name)


class PairedDifference(Strict):
    """How two potentials differ on the same resampled molecules.

    ``difference`` is b - a of ``quantity`` (``ood`` error in the metric's unit, or ``gap``), and
    ``probability`` the share of resamples in which a is the smaller (ties count half). ``left_out``
    names the molecules (families, for reactions) of which only one of the two has a value.
    """

    task: str
    level: int
    seed: int
    metric: str
    unit: str
    quantity: Literal["ood", "gap"]
    a: str
    b: str
    difference: Interval
    probability: float
    left_out: tuple[str, ...] = ()


class SeedValue(Strict):
    """The mean over seeds, and apart from each other its two sources of variance.

    ``mean`` has the interval of the bootstrap over molecules (of the mean over seeds, every seed on
    the same resampled molecules); ``sd`` is the standard deviation over seeds, None for a single
    one.
    """

    mean: Interval
    sd: float | None = None


class OverSeeds(Strict):
    """One metric of one potential on one split, over the seeds of its training."""

    task: str
    level: int
    potential: str
    role: Role
    train_frames: int
    seeds: tuple[int, ...]
    metric: str
    label: str
    unit: str
    aggregation: str


class SeedSummary(OverSeeds):
    """Errors and gap as means over seeds.

    A quantity is None where a seed has no value of it. ``failed_frames`` is the sum over seeds.
    """

    id: SeedValue | None
    ood: SeedValue | None
    gap: SeedValue | None
    failed_frames: int


class RankedPotential(Strict):
    """The place of one potential among those that were ranked together.

    ``value`` is the mean over ``seeds``; ``rank`` is 1 + the number of potentials with a smaller
    one, so that equal potentials share a rank; ``low`` and ``high`` are its interval. ``best`` is
    the share of resamples in which it has the smallest value (shared among equals), ``ahead`` that
    in which it has a smaller one than the next in the list (ties count half; None for the last).
    All but value and rank are None where fewer than two molecules leave nothing to resample.
    """

    potential: str
    role: Literal["feasibility", "learned"]
    seeds: tuple[int, ...]
    value: float
    rank: int
    low: int | None = None
    high: int | None = None
    best: float | None = None
    ahead: float | None = None


class Ranking(Strict):
    """The order of the potentials on one split by one metric, best first, and how sure it is.

    All are judged on the same ``molecules`` OOD molecules (families, for reactions), resampled
    together. ``without_value`` names the potentials that have no value and so no rank, ``left_out``
    the molecules of which only some potentials have one.
    """

    task: str
    level: int
    train_frames: int
    metric: str
    label: str
    unit: str
    quantity: Literal["ood", "gap"]
    potentials: tuple[RankedPotential, ...]
    molecules: int
    without_value: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    resamples: int
    confidence: float
