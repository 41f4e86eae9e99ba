"""Whether a reference fails throughout, found out on a few geometries before the work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlip_compose.core.probing import common_reason, failed_throughout
from mlip_compose.core.records import Failure, FloatArray, Molecule
from mlip_compose.engine.engine import Engine
from mlip_compose.references.registry import get_reference


class Geometry(NamedTuple):
    """A geometry to try; positions (N, 3) in Angstrom."""

    molecule: Molecule
    positions: FloatArray


@dataclass(frozen=True, eq=False)
class _Trial:
    """The unit of work that tries a reference."""

    reference: str
    settings: Mapping[str, Any]
    geometries: Sequence[Geometry]

    def __str__(self) -> str:
        return f"a first label with {self.reference}"


def refuse_throughout(
    reference: str, settings: Mapping[str, Any], geometries: Sequence[Geometry], engine: Engine
) -> None:
    """Raise FailedThroughoutError where a reference fails on a few geometries alike.

    Parameters
    ----------
    reference, settings
        See :func:`mlip_compose.references.registry.get_reference`.
    geometries
        The geometries to try. Those after the first are asked only where those before fail.
    engine
        Where they are tried.
    """
    ((_, reason),) = engine.run(try_reference, [_Trial(reference, settings, geometries)])
    if isinstance(reason, str) and reason:  # of a worker that died, the others will say more
        raise failed_throughout(reference, reason)


def try_reference(trial: _Trial) -> str:
    """Return why a reference fails on all geometries of a trial; empty where it does not."""
    reference = get_reference(trial.reference, trial.settings)
    labels = (
        reference.label(m.numbers, positions.astype(float), m.charge, m.spin)
        for m, positions in trial.geometries
    )
    return common_reason(label.reason if isinstance(label, Failure) else "" for label in labels)
