import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from mlip_compose.evaluation.gallery import (
    FAILED,
    LARGEST,
    Gallery,
    GalleryFrame,
    GalleryMember,
    GalleryMolecule,
    GalleryPotential,
    GallerySet,
    choose,
    decode,
    encode,
    quantise,
)


@given(arrays.arrays(np.int16, st.integers(0, 60)))
def test_numbers_come_back_as_they_were(codes):
    assert (decode(encode(codes)) == codes).all()


def test_small_numbers_of_either_sign_take_a_byte():
    codes = np.random.default_rng(0).integers(-100, 100, 9000).astype(np.int16)
    assert len(encode(codes)) < 1.4 * len(codes)


def test_quantising_rounds_clips_and_marks_failures():
    codes, clipped = quantise(np.array([0.0014, -0.0016, 40.0, -1e30, np.nan, np.inf]), 1e-3)
    assert codes.tolist() == [1, -2, LARGEST, -LARGEST, FAILED, FAILED]
    assert clipped == 2


@pytest.mark.parametrize(
    "text",
    [
        "no base64",
        base64.b64encode(b"not deflated").decode(),
        base64.b64encode(zlib.compress(b"odd")).decode(),
    ],
)
def test_damaged_numbers_are_refused(text):
    with pytest.raises(ValueError, match="damaged values"):
        decode(text)


def test_the_median_and_the_largest_error_are_chosen():
    errors = np.array([[3.0, 1.0, 9.0, 2.0, 5.0]])
    assert choose(errors, ["learned"]) == [(0, "median"), (2, "largest")]
    assert choose(errors[:, :4], ["learned"]) == [(3, "median"), (2, "largest")]
    assert choose(errors[:, :1], ["learned"]) == [(0, "median")]


def test_learned_potentials_choose_and_others_where_there_are_none():
    errors = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 3.0, 1.0]])
    assert choose(errors, ["scale", "feasibility", "learned"])[-1] == (1, "largest")
    assert choose(errors[:2], ["scale", "feasibility"])[-1] == (0, "largest")
    assert choose(errors[:1], ["scale"])[-1] == (2, "largest")


def test_a_failed_prediction_is_the_largest_error():
    errors = np.array([[1.0, np.nan, 3.0]])
    assert choose(errors, ["learned"]) == [(2, "median"), (1, "largest")]
    assert choose(np.full((1, 3), np.nan), ["learned"]) == [(1, "median"), (0, "largest")]


def gallery(values):
    frame = GalleryFrame(trajectory="primary", frame=3, why="median", errors=(1.5,))
    return Gallery(
        dataset_sha256="c0ffee",
        sources={"a": "b"},
        molecules=(GalleryMolecule(name="W", smiles="O", numbers=(8,), bonds=()),),
        sets=(
            GallerySet(
                task="length",
                level=2,
                seed=0,
                coverage_radius=2,
                potentials=(GalleryPotential(name="p", role="learned"),),
                members=(GalleryMember(molecule="W", part="ood", novel=(0,), frames=(frame,)),),
                values=values,
            ),
        ),
    )


def test_a_gallery_is_read_back_strictly():
    found = gallery(encode(np.arange(9, dtype=np.int16)))
    assert Gallery.model_validate_json(found.model_dump_json()) == found
    with pytest.raises(ValidationError, match="8 values of length, not 9"):
        gallery(encode(np.arange(8, dtype=np.int16)))
    with pytest.raises(ValidationError, match="no graph of W"):
        Gallery.model_validate(found.model_dump() | {"molecules": ()})
    lone = found.sets[0].model_dump()
    member = lone["members"][0]
    for wrong, message in (
        ({"members": (member | {"novel": (1,)},)}, "novel atoms of length that there are not"),
        ({"potentials": lone["potentials"] * 2}, "errors of length of other than its potentials"),
    ):
        with pytest.raises(ValidationError, match=message):
            Gallery.model_validate(found.model_dump() | {"sets": (lone | wrong,)})
    with pytest.raises(ValidationError, match="surprise"):
        Gallery.model_validate(found.model_dump() | {"surprise": 1})


def test_numbers_that_unpack_to_more_than_there_should_be_are_not_unpacked():
    bomb = base64.b64encode(zlib.compress(bytes(10**8), 9)).decode()
    with pytest.raises(ValidationError, match="more than 18 bytes"):
        gallery(bomb)


@pytest.mark.parametrize(
    "changes",
    [
        {"numbers": ()},
        {"numbers": (0,)},
        {"bonds": ((0, 1, 1),)},
        {"bonds": ((0, 0, 1),)},
        {"bonds": ((-1, 0, 1),)},
        {"numbers": (8, 1), "bonds": ((0, 1, 7),)},
        {"numbers": (8, 1), "bonds": ((0, 1, 1), (1, 0, 1))},
    ],
)
def test_molecules_that_cannot_be_are_refused(changes):
    document = {"name": "W", "smiles": "O", "numbers": (8,), "bonds": ()}
    with pytest.raises(ValidationError):
        GalleryMolecule.model_validate(document | changes)
