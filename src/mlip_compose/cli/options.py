"""Options that several commands have, and the reading of their texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from mlip_compose.datasets.importing.units import GivenUnits
    from mlip_compose.store.formats.keys import Keys

OF_PREDICTIONS = "Default: that of the predictions."

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]


def named_task(task: str | None) -> str | None:
    """Return the name of a task that is given by its name or by the path of its file."""
    from mlip_compose.tasks.files import SUFFIXES
    from mlip_compose.tasks.rules import get_task

    return get_task(task).name if task is not None and task.endswith(SUFFIXES) else task


TaskName = Annotated[
    str,
    typer.Argument(
        help="Name of a task, such as length, or a task file, such as rings.yaml.",
        callback=named_task,
    ),
]
Level = Annotated[int, typer.Option("--level", "-l", help="Level: coverage radius 1, 2 or 3.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of frames and of the training.")]
Dataset = Annotated[
    str, typer.Option("--dataset", "-d", help="A frozen data set, or the path of a store.")
]
StoreName = Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")]
StoreFile = Annotated[
    Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: data/<name>.h5.")
]
PredictedTask = Annotated[
    str | None,
    typer.Option(
        "--task",
        "-t",
        help=f"Task, such as length, or a task file. {OF_PREDICTIONS}",
        callback=named_task,
    ),
]
PredictedLevel = Annotated[
    int | None, typer.Option("--level", "-l", help=f"Level: 1, 2 or 3. {OF_PREDICTIONS}")
]
PredictedDataset = Annotated[
    str | None,
    typer.Option(
        "--dataset", "-d", help=f"A frozen data set, or the path of a store. {OF_PREDICTIONS}"
    ),
]
Molecules = Annotated[
    str | None,
    typer.Option(
        "--molecules", "-m", help="Only these molecules, separated by commas: OH-1-H,F-2-H."
    ),
]
AllowMissing = Annotated[
    bool,
    typer.Option("--allow-missing", help="Run although the data set lacks molecules of the task."),
]
EnergyUnit = Annotated[
    str | None,
    typer.Option("--energy-unit", help="Unit of energies, such as kcal/mol. Default: recognised."),
]
ForceUnit = Annotated[
    str | None,
    typer.Option("--force-unit", help="Unit of forces, such as Hartree/Bohr. Default: recognised."),
]
LengthUnit = Annotated[
    str | None,
    typer.Option("--length-unit", help="Unit of positions, such as Bohr. Default: recognised."),
]
EnergyKey = Annotated[
    str | None,
    typer.Option(
        "--energy-key",
        help="Name of the energies in the files, such as dft_energy. Default: the only pair that "
        "fits.",
    ),
]
ForcesKey = Annotated[
    str | None,
    typer.Option(
        "--forces-key",
        help="Name of the forces in the files, such as dft_forces. Default: the only pair that "
        "fits.",
    ),
]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        help="YAML file with the names of numbers in the files: energy, forces, positions, "
        "numbers, charge, spin, name.",
    ),
]
PrimaryFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--primary",
        metavar="GLOB",
        help="Files whose frames are of the primary trajectory, such as '*_total.traj'; may be "
        "repeated.",
    ),
]
SecondaryFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--secondary",
        metavar="GLOB",
        help="Files whose frames are of the secondary trajectory; may be repeated.",
    ),
]
LeftFiles = Annotated[
    list[str] | None,
    typer.Option("--leave", metavar="GLOB", help="Files that are not read; may be repeated."),
]
LeaveBad = Annotated[
    bool,
    typer.Option(
        "--leave-bad",
        help="Leave frames out that have NaN, no labels or a broken bond. Default: they end the "
        "import, and all are listed.",
    ),
]
Blocks = Annotated[
    bool,
    typer.Option(
        "--blocks",
        help="The last fifth of each molecule's frames becomes its secondary trajectory, where the "
        "files name no trajectory; one frame between the two is left out.",
    ),
]
EnergiesAre = Annotated[
    Literal["total", "per-atom"] | None,
    typer.Option("--energies-are", help="What energies are. Default: total, which is checked."),
]
ForcesAre = Annotated[
    Literal["forces", "gradients"] | None,
    typer.Option(
        "--forces-are",
        help="What the numbers under the name of forces are; gradients have the opposite sign. "
        "Default: forces, which is checked.",
    ),
]
Unproved = Annotated[
    bool,
    typer.Option("--unproved", help="Go on although energies and forces do not belong together."),
]
SplitOff = Annotated[
    int,
    typer.Option(
        "--split",
        min=0,
        help="Number of last frames of each molecule that become its secondary trajectory, where "
        "the files name no trajectory.",
    ),
]


def names_in(text: str) -> tuple[str, ...]:
    """Split names that are separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def keys_in(file: Path | None, energy: str | None, forces: str | None) -> Keys:
    """Return the names of numbers that a file says, and those that options say in their place."""
    from mlip_compose.store.formats.keys import Keys, load_keys

    named = {"energy": energy, "forces": forces}
    in_file = load_keys(file).given if file is not None else {}
    return Keys(**{**in_file, **{key: name for key, name in named.items() if name is not None}})


def units_in(
    energy: str | None,
    force: str | None,
    length: str | None,
    forces_are: str | None,
    energies_are: str | None,
    *,
    unproved: bool,
) -> GivenUnits:
    """Return what options say of the labels of files: their units, and what they are."""
    from mlip_compose.datasets.importing.units import GivenUnits

    gradients, per_atom = forces_are == "gradients", energies_are == "per-atom"
    return GivenUnits(
        energy, force, length, gradients=gradients, per_atom=per_atom, unproved=unproved
    )


def settings_in(pairs: list[str] | None) -> dict[str, Any]:
    """Read key=value pairs; values are YAML, so numbers, true and null are what they look like.

    Raises
    ------
    RequestError
        A text is no such pair.
    """
    from mlip_compose.core.plain_yaml import parse_yaml

    settings: dict[str, Any] = {}
    for pair in pairs or ():
        key, separator, text = pair.partition("=")
        if not (key.isidentifier() and separator):
            raise RequestError("--set key=value", repr(pair))
        try:
            settings[key] = parse_yaml(text)
        except ValueError:
            settings[key] = text
        if settings[key] == text and text.lower() in ("yes", "no", "on", "off"):
            raise RequestError(
                f"--set {key}=true or {key}=false, or a text in quotes",
                repr(pair),
                f"Write --set '{key}=\"{text}\"' for the text.",
            )
    return settings
