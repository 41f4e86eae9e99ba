"""``additive+...``: a potential of two parts, the second of which learns what the first leaves.

``additive`` is fitted to the training frames; a neural kind is trained, with its own budget, on the
energies and forces that it leaves of training and validation frames; predictions are their sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlip_compose.core.records import (
    Failure,
    FloatArray,
    Frames,
    Molecule,
    ReceptiveField,
    TrainingSet,
)
from mlip_compose.potentials.additive.kind import KIND as ADDITIVE
from mlip_compose.potentials.additive.kind import AdditiveSettings
from mlip_compose.potentials.additive.potential import AdditivePotential, Unseen
from mlip_compose.potentials.additive.potential import load as load_additive
from mlip_compose.potentials.additive.table import TermRow
from mlip_compose.potentials.base import (
    Potential,
    PotentialKind,
    Progress,
    Settings,
    require_package,
    silent,
)
from mlip_compose.potentials.files import read_model, write_model
from mlip_compose.potentials.neural.architectures.mace import SMALL as MACE_SMALL
from mlip_compose.potentials.neural.architectures.mace import STANDARD as MACE_STANDARD
from mlip_compose.potentials.neural.architectures.mace import MaceSettings, MaceStandardSettings

_VERSION = 1
_BASE, _LEARNER = "additive", "learner"  # subdirectories of a saved potential
_BASE_SHARE = 0.05  # of the progress, for fitting the additive part


def larger_field(learner: ReceptiveField | None) -> ReceptiveField | None:
    """Return the receptive field of ``additive`` and a learner together: the larger of the two.

    Bonds and Angstrom each are the larger ones; None where the learner's is not known.
    """
    base = AdditiveSettings().receptive_field()
    if learner is None or base is None:
        return None
    reaches = (base.angstrom, learner.angstrom)
    return ReceptiveField(
        max(base.bonds, learner.bonds),
        None if None in reaches else max(r for r in reaches if r is not None),
        f"the larger of two parts; additive: {base.words}; learner: {learner.words}",
    )


class ResidualMaceSettings(MaceSettings):
    """Settings of the neural part, those of ``mace-small``, and of the additive part."""

    additive: AdditiveSettings = AdditiveSettings()

    def receptive_field(self) -> ReceptiveField | None:  # type: ignore[override]
        """Return the larger of the two parts' fields."""
        return larger_field(super().receptive_field())


class ResidualMaceStandardSettings(MaceStandardSettings):
    """Settings of the neural part, those of ``mace-standard``, and of the additive part."""

    additive: AdditiveSettings = AdditiveSettings()

    def receptive_field(self) -> ReceptiveField | None:  # type: ignore[override]
        """Return the larger of the two parts' fields."""
        return larger_field(super().receptive_field())


@dataclass(frozen=True, eq=False)
class ResidualPotential:
    """The sum of an additive potential and of one trained on what it leaves.

    Attributes
    ----------
    name
        Name of the kind.
    additive, learner
        The two parts.
    """

    name: str
    additive: AdditivePotential
    learner: Potential

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that both parts know."""
        return self.additive.elements & self.learner.elements

    @property
    def report(self) -> Mapping[str, object]:
        """Facts about both parts; ``parameters`` are those of both together."""
        counts = [part.report["parameters"] for part in (self.additive, self.learner)]
        together = sum(n for n in counts if isinstance(n, int))
        return {**self.additive.report, **self.learner.report, "parameters": together}

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, and forces (F, N, 3), eV/Angstrom; see ``Potential``."""
        energies, forces = self.additive.predict(molecule, positions)
        more_energies, more_forces = self.learner.predict(molecule, positions)
        return energies + more_energies, forces + more_forces

    def unseen_types(self, molecule: Molecule) -> dict[str, Unseen]:
        """Count terms of unseen types in the additive part, by their kind."""
        return self.additive.unseen_types(molecule)

    def terms(self) -> Sequence[TermRow]:
        """List the terms of the additive part."""
        return self.additive.terms()

    def save(self, directory: str | Path) -> None:
        """Write ``model.json``, and each part to a subdirectory."""
        write_model(directory, self.name, _VERSION, {})
        self.additive.save(Path(directory) / _BASE)
        self.learner.save(Path(directory) / _LEARNER)


def left_over(potential: Potential, data: TrainingSet) -> TrainingSet:
    """Return the same frames with the energies and forces that ``potential`` leaves of them."""

    def left(frames: Frames) -> Frames:
        energy, forces = potential.predict(data.molecules[frames.molecule], frames.positions)
        return replace(frames, energy=frames.energy - energy, forces=frames.forces - forces)

    train, validation = (tuple(map(left, part)) for part in (data.train, data.validation))
    return TrainingSet(data.molecules, train, validation)


def residual_kind(learner: PotentialKind, settings: type[Settings]) -> PotentialKind:
    """Make the kind that is ``additive`` plus a learner.

    Parameters
    ----------
    learner
        The kind that is trained on what ``additive`` leaves.
    settings
        Model of the settings: those of the learner, and ``additive``.
    """
    name = f"additive+{learner.name}"

    def fit(
        data: TrainingSet,
        settings: Settings,
        seed: int,
        workdir: Path,
        progress: Progress = silent,
    ) -> Potential | Failure:
        require_package(f"training {name}", "graph_pes", "train")
        chosen = settings.model_dump()
        options = AdditiveSettings.model_validate(chosen.pop("additive"))
        base = ADDITIVE.fit(
            data, options, seed, workdir, lambda done, text: progress(_BASE_SHARE * done, text)
        )
        if isinstance(base, Failure):
            return replace(base, subject=name)
        assert isinstance(base, AdditivePotential)
        trained = learner.fit(
            left_over(base, data),
            learner.settings.model_validate(chosen),
            seed,
            workdir,
            lambda done, text: progress(_BASE_SHARE + (1 - _BASE_SHARE) * done, text),
        )
        if isinstance(trained, Failure):
            return replace(trained, subject=name)
        return ResidualPotential(name, base, trained)

    def load(directory: Path) -> Potential:
        read_model(directory, name, _VERSION)
        parts = load_additive(directory / _BASE), learner.load(directory / _LEARNER)
        return ResidualPotential(name, *parts)

    return PotentialKind(
        name=name,
        summary=f"The additive force field, plus a {learner.name} trained on what it leaves.",
        role="learned",
        settings=settings,
        fit=fit,
        load=load,
        extra="train",
    )


SMALL = residual_kind(MACE_SMALL, ResidualMaceSettings)
STANDARD = residual_kind(MACE_STANDARD, ResidualMaceStandardSettings)
