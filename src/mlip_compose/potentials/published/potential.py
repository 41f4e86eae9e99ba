"""A published model as a potential, as it is or fine-tuned: prediction, and a file without code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph_pes import GraphPESModel

from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.potentials.base import Pretraining, check_request
from mlip_compose.potentials.files import (
    energies_by_number,
    finite,
    read_model,
    restoring,
    write_model,
)
from mlip_compose.potentials.neural.networks.models import (
    DTYPES,
    load_parameter_arrays,
    parameter_arrays,
)
from mlip_compose.potentials.neural.networks.prediction import predict_in_batches
from mlip_compose.potentials.published.backend import get_backend
from mlip_compose.potentials.published.card import (
    ModelCard,
    card_elements,
    check_state,
    state_unknown,
)
from mlip_compose.potentials.published.consent import find_saved_weights

_VERSION = 1


@dataclass(frozen=True, eq=False)
class PretrainedPotential:
    """A published model, and energies of atoms at the level of theory of a task's labels.

    Attributes
    ----------
    name
        Name of the kind.
    card
        Card of the model.
    weights_sha256
        Sha256 of the published weights file.
    model
        Model in evaluation mode, of ``dtype``.
    dtype
        ``float32`` or ``float64``.
    atomic_energies
        Atomic number to energy, eV, for every element of the card. Their sum, in float64, is added
        to the model's energy.
    fine_tuned
        Whether the parameters are others than the published ones.
    report
        Facts that JSON can hold.
    """

    name: str
    card: ModelCard
    weights_sha256: str
    model: GraphPESModel
    dtype: str
    atomic_energies: Mapping[int, float]
    fine_tuned: bool
    report: Mapping[str, object]

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the card's elements, with those that fine-tuning did not see."""
        return card_elements(self.card)

    @property
    def pretraining(self) -> Pretraining:
        """Card and level of theory of the published model."""
        return Pretraining(self.card.name, self.card.level_of_theory, self.fine_tuned)

    def state_unknown(self, molecule: Molecule) -> str:
        """Return a molecule's charge or spin that the card does not name; empty where it does."""
        return state_unknown(self.card, molecule)

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, and forces (F, N, 3), eV/Angstrom, in batches of frames."""
        positions = check_request(self.name, self.elements, molecule, positions)
        energies, forces = interaction(self.card, self.model, self.dtype, molecule, positions)
        return energies + sum(self.atomic_energies[z] for z in molecule.numbers.tolist()), forces

    def save(self, directory: str | Path) -> None:
        """Write ``model.json`` and, for a fine-tuned model, ``model.npz``.

        The published weights are not copied; the file has their sha256.
        """
        backend = get_backend(self.card.backend)
        facts = {
            "card": self.card.model_dump(mode="json"),
            "weights_sha256": self.weights_sha256,
            "dtype": self.dtype,
            "atomic_energies": {str(z): e for z, e in self.atomic_energies.items()},
            "architecture": backend.architecture(self.model) if self.fine_tuned else None,
            "report": dict(self.report),
        }
        arrays = parameter_arrays(self.model) if self.fine_tuned else None
        write_model(directory, self.name, _VERSION, facts, arrays)


def load_model(card: ModelCard, weights: Path, dtype: str) -> GraphPESModel:
    """Load a published model in evaluation mode, with parameters that can be trained."""
    model = get_backend(card.backend).load(card, weights)
    return model.to(DTYPES[dtype]).eval().requires_grad_(True)


def interaction(
    card: ModelCard, model: GraphPESModel, dtype: str, molecule: Molecule, positions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Predict energies (F,), eV, without those of atoms, and forces (F, N, 3), eV/Angstrom."""
    check_state(card, molecule)
    limits = get_backend(card.backend).BATCH_EDGES
    return predict_in_batches(
        model, molecule, positions, float(model.cutoff), DTYPES[dtype], limits
    )


def load_pretrained(
    name: str,
    directory: Path,
    find: Callable[[ModelCard, str | None, str], Path | None] = find_saved_weights,
) -> PretrainedPotential:
    """Restore a saved potential.

    Parameters
    ----------
    name
        Name of its kind.
    directory
        Directory of the potential.
    find
        Finds the published weights, which a model that was not fine-tuned needs; takes the
        arguments of :func:`find_saved_weights`.

    Raises
    ------
    SchemaError
        The directory does not hold such a potential, or the published weights are others.
    RequestError
        There are no weights, or the user never agreed to the card or to the weights.
    """
    facts, arrays = read_model(directory, name, _VERSION)
    with restoring(name, directory):
        card = ModelCard.model_validate(facts["card"])
        sha256, dtype = str(facts["weights_sha256"]), str(facts["dtype"])
        energies = energies_by_number(facts["atomic_energies"])
        report = dict(facts["report"])
        architecture = facts["architecture"]
        if architecture is not None:
            model = get_backend(card.backend).rebuild(architecture).to(DTYPES[dtype])
            load_parameter_arrays(model, finite(arrays))
        elif dtype not in DTYPES:
            raise ValueError(f"numbers of the type {dtype!r}")
    if architecture is None:
        path = report.get("weights")
        weights = find(card, path if isinstance(path, str) else None, sha256)
        assert weights is not None  # a card of a backend of this environment names its file
        model = load_model(card, weights, dtype)
    model = model.eval().requires_grad_(False)
    return PretrainedPotential(
        name, card, sha256, model, dtype, energies, architecture is not None, report
    )
