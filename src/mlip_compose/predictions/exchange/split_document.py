"""``split.json``, beside the frames of an exported task: the data, the split and its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from mlip_compose.core.documents import Strict
from mlip_compose.core.errors import SchemaError, one_line
from mlip_compose.core.records import MINIMUM, FrameSelection
from mlip_compose.store.reader import Store

SPLIT_FILE: Final = "split.json"


class FramesOfPart(Strict):
    """The frames of one molecule in one part of a split: a trajectory, and indices in it."""

    molecule: str
    trajectory: str
    frames: tuple[int, ...]


class SplitDocument(Strict):
    """The frames of an exported task, in the words that ``predictions import`` takes.

    Attributes
    ----------
    dataset, dataset_sha256, reference
        The data set, its checksum and its level of theory.
    task, level
        The split.
    seed
        Seed of the choice of training frames.
    train_frames
        Number of training frames.
    parts
        Frames by part: ``train``, ``validation``, ``id``, ``ood`` and ``minimum``. Each part is a
        file of the export.
    """

    document: Literal["mlip-compose/split/1"] = "mlip-compose/split/1"
    dataset: str
    dataset_sha256: str
    reference: str
    task: str
    level: int = Field(ge=0)
    seed: int = Field(ge=0)
    train_frames: int = Field(ge=0)
    parts: dict[str, tuple[FramesOfPart, ...]]


def frames_by_part(selection: FrameSelection, store: Store) -> dict[str, tuple[FramesOfPart, ...]]:
    """Return the frames of a split by part; the minima of its molecules are the part ``minimum``.

    They are the minima of the molecules that are trained on, or tested on as OOD.
    """
    parts: dict[str, tuple[FramesOfPart, ...]] = {}
    for part, name, trajectory, indices in selection.wanted():
        if len(indices):
            frames = FramesOfPart(
                molecule=name, trajectory=trajectory, frames=tuple(indices.tolist())
            )
            parts[part] = (*parts.get(part, ()), frames)
    minima = tuple(
        FramesOfPart(molecule=name, trajectory=MINIMUM, frames=(0,))
        for name in (*selection.train, *selection.ood)
        if store.has_minimum(name)
    )
    return {**parts, MINIMUM: minima} if minima else parts


def read_split(path: Path) -> SplitDocument:
    """Read a split document.

    Raises
    ------
    SchemaError
        The file cannot be read, or is another document.
    """
    try:
        return SplitDocument.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = one_line(error, 200)
        raise SchemaError(f"the split of an exported task in {path}", reason) from error
