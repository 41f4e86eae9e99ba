"""``additive+...``: the sum of a force field and a network that learns what the force field leaves.

``additive`` is fitted to the training frames. Its energies and forces are subtracted from the
labels of training and validation frames. A neural kind, the learner, is trained on the rest with
its own budget. Predictions are the sum of both parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import create_model

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

_VERSION = 1
_BASE, _LEARNER = "additive", "learner"  # subdirectories of a saved potential
_BASE_SHARE = 0.05  # of the progress, for fitting the additive part


def larger_field(learner: ReceptiveField | None) -> ReceptiveField | None:
    """Return the larger of the receptive fields of ``additive`` and a learner.

    Bonds and Angstrom are compared each by itself. The result is None where the learner's field is
    not known.
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


class WithAdditive(Settings):
    """Settings of the additive part; a class that inherits from it has those of a learner too."""

    additive: AdditiveSettings = AdditiveSettings()

    def receptive_field(self) -> ReceptiveField | None:
        """Return the larger of the two parts' fields."""
        return larger_field(super().receptive_field())


@dataclass(frozen=True, eq=False)
class ResidualPotential:
    """The sum of an additive potential and a learner.

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
        """Facts about both parts; ``parameters`` counts those of both."""
        counts = [part.report["parameters"] for part in (self.additive, self.learner)]
        total = sum(n for n in counts if isinstance(n, int))
        return {**self.additive.report, **self.learner.report, "parameters": total}

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, and forces (F, N, 3), eV/Angstrom; see ``Potential``."""
        energies, forces = self.additive.predict(molecule, positions)
        learner_energies, learner_forces = self.learner.predict(molecule, positions)
        return energies + learner_energies, forces + learner_forces

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


def subtract(potential: Potential, data: TrainingSet) -> TrainingSet:
    """Return the frames with labels less the energies and forces that ``potential`` predicts."""

    def residual(frames: Frames) -> Frames:
        energy, forces = potential.predict(data.molecules[frames.molecule], frames.positions)
        return replace(frames, energy=frames.energy - energy, forces=frames.forces - forces)

    train, validation = (tuple(map(residual, part)) for part in (data.train, data.validation))
    return TrainingSet(data.molecules, train, validation)


def residual_kind(learner: PotentialKind) -> PotentialKind:
    """Make the kind ``additive+<learner>``, with the settings of the learner and ``additive``.

    Parameters
    ----------
    learner
        Kind of potential that is trained on what ``additive`` leaves.
    """
    name = f"additive+{learner.name}"
    schema = create_model(f"Settings of {name}", __base__=(WithAdditive, learner.settings))

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
            subtract(base, data),
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
        settings=schema,
        fit=fit,
        load=load,
        extra="train",
    )


SMALL = residual_kind(MACE_SMALL)
STANDARD = residual_kind(MACE_STANDARD)
