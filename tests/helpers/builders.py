"""Records of results with plausible fields, of which a test names those that it is about.

``score(level=2, gap=interval(1.3))`` is a whole :class:`Score` of one metric. The records that say
of which potential on which split they are share the fields of ``ROW``.
"""

from typing import Any

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.ceiling import CeilingHeader, CeilingMetric, CeilingScore
from mlip_compose.evaluation.results import Metric, Score, SeedSummary, SeedValue
from mlip_compose.evaluation.score import Header
from mlip_compose.evaluation.study_results import DatasetFacts, UnitFacts
from mlip_compose.predictions.file import PredictionHeader

SPLIT: dict[str, Any] = {"task": "length", "level": 2}
POTENTIAL: dict[str, Any] = {"potential": "mine", "role": "learned", "train_frames": 400}
DATASET: dict[str, Any] = {"dataset": "toy", "dataset_sha256": "0" * 64, "reference": "gfn2-xtb"}
ROW = SPLIT | POTENTIAL | DATASET | {"seed": 0}
RESAMPLED: dict[str, Any] = {"resamples": 1000, "confidence": 0.95}
FORCE_MAE: dict[str, Any] = {
    "label": "Force MAE",
    "unit": "meV/Å",
    "aggregation": "mean absolute error over components",
}


def interval(value: float | None, low: float | None = None, high: float | None = None) -> Any:
    """Return a value with its interval; None for no value."""
    return None if value is None else Interval(value=value, low=low, high=high)


def header(**changes: Any) -> Header:
    """Return what :func:`score` of the program is told of the predictions."""
    return Header(**(ROW | {"coverage_radius": 2} | changes))


def ceiling_header(**changes: Any) -> CeilingHeader:
    """Return what a comparison with a ceiling is told of the two potentials."""
    return CeilingHeader(**(ROW | {"coverage_radius": 2, "ood_train_frames": 150} | changes))


def metric(name: str = "forces_mae", **changes: Any) -> Metric:
    """Return one metric, 10 meV/Å on known molecules and 20 on others."""
    fields: dict[str, Any] = {
        "name": name,
        **FORCE_MAE,
        "id": interval(10.0),
        "ood": interval(20.0),
        "gap": interval(2.0),
        "id_frames": 10,
        "ood_frames": 10,
        "id_molecules": 5,
        "ood_molecules": 5,
    }
    return Metric(**(fields | changes))


def score(**changes: Any) -> Score:
    """Return a score of one metric; its radius of coverage is the level."""
    fields = ROW | RESAMPLED | {"train_molecules": 5, "failed_frames": 0, "molecules": ()}
    fields |= {"metrics": (metric(),), "coverage_radius": changes.get("level", ROW["level"])}
    return Score(**(fields | changes))


def seed_summary(scored: Score, name: str = "forces_mae", **changes: Any) -> SeedSummary:
    """Return a summary over two seeds of a score's metric; no quantity has a value."""
    shown = scored.metric(name)
    fields: dict[str, Any] = {
        **scored.model_dump(include={*SPLIT, *POTENTIAL}),
        **shown.model_dump(include={*FORCE_MAE}),
        "metric": name,
        "seeds": (0, 1),
        "id": None,
        "ood": None,
        "gap": None,
        "failed_frames": 0,
    }
    return SeedSummary(**(fields | changes))


def seed_value(mean: Interval | None, sd: float | None = 0.1) -> SeedValue | None:
    """Return a mean over seeds with its spread; None for no mean."""
    return None if mean is None else SeedValue(mean=mean, sd=sd)


def ceiling_metric(ordinary: Metric, gap: Interval) -> CeilingMetric:
    """Return a metric beside that of a ceiling, which is smaller by a ratio."""
    return CeilingMetric(
        **ordinary.model_dump(include={"name", *FORCE_MAE}),
        ood=ordinary.ood,
        ceiling=ordinary.ood and interval(ordinary.ood.value / gap.value, 20.0, 60.0),
        gap=gap,
        frames=300,
        molecules=60,
    )


def ceiling_score(
    ordinary: Score, metrics: tuple[CeilingMetric, ...], **changes: Any
) -> CeilingScore:
    """Return a potential's score against its ceiling."""
    fields: dict[str, Any] = {
        **ordinary.model_dump(include={*ROW, *RESAMPLED, "coverage_radius", "resampling_seed"}),
        "ood_train_frames": 150,
        "ood_molecules": 60,
        "metrics": metrics,
        "ood": (),
        "ceiling": (),
        "failed_frames": 0,
    }
    return CeilingScore(**(fields | changes))


def unit_facts(**changes: Any) -> UnitFacts:
    """Return what a study says of a training that is done."""
    potential = changes.get("potential", ROW["potential"])
    fields = POTENTIAL | {
        "id": f"length_{potential}_s0_0a1b2c3d",
        "task": "length",
        "levels": (2,),
        "seed": 0,
        "settings": {},
        "status": "done",
    }
    return UnitFacts(**(fields | changes))


def prediction_header(**changes: Any) -> PredictionHeader:
    """Return the header of a file of predictions."""
    return PredictionHeader(**(ROW | {"settings": {}, "software": {}} | changes))


def dataset_facts(store: Any) -> DatasetFacts:
    """Return what results say of a store."""
    return DatasetFacts(
        name=store.name,
        sha256=store.checksum,
        reference=store.reference,
        reference_settings=store.header.reference_settings,
        sampling=store.header.sampling,
        molecules=len(store.molecules),
        frames=store.total_frames,
    )
