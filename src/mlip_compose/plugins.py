"""What a package needs that adds potentials, tasks, references or readers: docs/plugins.md."""

from mlip_compose.core.errors import MissingLabelsError, RequestError, SchemaError, UnreadableError
from mlip_compose.core.records import (
    Failure,
    Frames,
    Molecule,
    Parts,
    ReceptiveField,
    Split,
    TrainingSet,
)
from mlip_compose.core.scratch import user_path
from mlip_compose.molecules.series import bifunctional, monofunctional
from mlip_compose.potentials.base import (
    Potential,
    PotentialKind,
    Pretraining,
    Progress,
    Settings,
    check_request,
    require_package,
    silent,
)
from mlip_compose.potentials.files import read_model, restoring, write_model
from mlip_compose.references.base import Label, Reference, WalkError
from mlip_compose.references.calculator import AnyCalculator
from mlip_compose.store.formats.base import RawFrame, RawFrames, Units, batched
from mlip_compose.tasks.base import Rule, Task

__all__ = [
    "AnyCalculator",
    "Failure",
    "Frames",
    "Label",
    "MissingLabelsError",
    "Molecule",
    "Parts",
    "Potential",
    "PotentialKind",
    "Pretraining",
    "Progress",
    "RawFrame",
    "RawFrames",
    "ReceptiveField",
    "Reference",
    "RequestError",
    "Rule",
    "SchemaError",
    "Settings",
    "Split",
    "Task",
    "TrainingSet",
    "Units",
    "UnreadableError",
    "WalkError",
    "batched",
    "bifunctional",
    "check_request",
    "monofunctional",
    "read_model",
    "require_package",
    "restoring",
    "silent",
    "user_path",
    "write_model",
]
