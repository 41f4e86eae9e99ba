import dataclasses

import pytest

from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.families import Families
from mlip_compose.tasks.rules import TASKS, get_task

HELD_OUT = ("OH", "COOH", "CN")
HALF_A = ("H", "OH", "SH", "CHO", "CONH2")
HALF_B = ("NH2", "F", "Cl", "COOH", "CN")
FAMILIES = HALF_A + HALF_B


def series(families, chains):
    return {f"{x}-{n}-H" for x in families for n in chains} - {"H-1-H"}


def asked_for(task, level):
    """The table of the design, written out a second time."""
    r = level
    if task == "length":
        return series(FAMILIES, range(1, 2 * r + 1)), series(FAMILIES, range(7, 13))
    if task == "crossing":
        train = series(HALF_A, range(1, 7)) | series(HALF_B, range(7, 13))
        short = {1: (2, 3), 2: (4, 5), 3: (6,)}[r]
        return train, series(HALF_A, range(7, 13)) | series(HALF_B, short)
    if task == "transfer":
        others = [x for x in FAMILIES if x not in HELD_OUT]
        train = series(others, range(1, 13)) | series(HELD_OUT, range(1, 2 * r + 1))
        return train, series(HELD_OUT, range(7, 13))
    ood = {m.name for m in full() if m.parts.right != "H" and m.parts.chain == 2 * r}
    assert len(ood) == 45
    return series(FAMILIES, range(1, 13)), ood


def test_there_are_four_tasks():
    assert list(TASKS) == ["length", "crossing", "transfer", "recombination"]
    assert all(
        task.name == name and task.summary and task.tradition for name, task in TASKS.items()
    )


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", TASKS)
def test_the_full_set_is_split_as_the_design_says(name, level):
    split = get_task(name).split(full(), level)
    train, ood = asked_for(name, level)
    assert (set(split.train), set(split.ood), split.missing) == (train, ood, ())
    assert (split.task, split.level) == (name, level)
    order = [m.name for m in full()]
    for names in (split.train, split.ood):
        assert list(names) == sorted(names, key=order.index)


@pytest.mark.parametrize("name", TASKS)
def test_order_of_molecules_and_those_of_no_family_change_nothing(name):
    extra = [assemble(Parts("H", 1, "H")), assemble(Parts("OH", 3, "NH2"))]
    extra += [assemble(Parts("OH", 8, "CN")), molecule_of_smiles("c1ccccc1")]
    extra += [assemble(Parts("*Br", 2, "OH"))]  # there is no family of bromides
    more = [*reversed(full()), *extra]
    assert get_task(name).split(more, 2) == get_task(name).split(full(), 2)


def test_longer_chains_are_tested_too():
    more = [*full(), assemble(Parts("CHO", 13, "H")), assemble(Parts("CHO", 14, "H"))]
    ood = get_task("length").split(more, 2).ood
    assert set(ood) - set(get_task("length").split(full(), 2).ood) == {"CHO-13-H", "CHO-14-H"}


OTHERS = {"*Br": 15, "*OC": 12, "*C=C": 9, "*N(=O)=O": 8, "*c1ccccc1": 8}
"""Other families, each from n = 1 to so many carbons."""


def others():
    """Alkanes and other families, and every pair of these groups with n = 2 and 4."""
    from itertools import combinations_with_replacement

    parts = [Parts("H", n, "H") for n in range(2, 14)]
    parts += [Parts(group, n, "H") for group, most in OTHERS.items() for n in range(1, most + 1)]
    parts += [Parts(x, n, y) for x, y in combinations_with_replacement(OTHERS, 2) for n in (2, 4)]
    return [assemble(p) for p in parts]


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", ["length", "crossing", "transfer"])
def test_on_other_families_the_level_is_the_coverage_radius(name, level):
    molecules = others()
    split = get_task(name).split(molecules, level)
    assert split.missing == ()
    assert split.train
    assert split.ood
    assert certify(split, molecules).coverage_radius == level


@pytest.mark.parametrize("level", [1, 2])
def test_on_other_pairs_the_level_is_the_coverage_radius(level):
    molecules = others()
    split = get_task("recombination").split(molecules, level)
    assert len(split.ood) == 15
    assert certify(split, molecules).coverage_radius == level


def test_halves_and_held_out_families_of_other_families():
    families = Families.among(others())
    assert families.first_half == {"H", "*OC", "*Br"}  # lighter, as heavy, in pairs by mass
    assert families.held_out == {"*C=C"}  # *OC is of its size, and heavier


def test_two_families_as_of_alkanes_and_aldehydes():
    parts = [Parts("H", n, "H") for n in range(2, 14)] + [
        Parts("CHO", n, "H") for n in range(1, 15)
    ]
    molecules = [assemble(p) for p in parts]
    families = Families.among(molecules)
    assert families.first_half == {"H"}
    assert families.held_out == {"CHO"}
    for name in ("length", "crossing", "transfer"):
        for level in (1, 2, 3):
            split = get_task(name).split(molecules, level)
            assert certify(split, molecules).coverage_radius == level, name


def test_molecules_that_are_not_there_are_named():
    there = [m for m in full() if m.name not in {"F-9-H", "OH-2-H", "OH-2-OH"}]
    complete = get_task("length").split(full(), 1)
    split = get_task("length").split(there, 1)
    assert split.missing == ("OH-2-H", "F-9-H")
    assert split == dataclasses.replace(
        complete,
        train=tuple(n for n in complete.train if n != "OH-2-H"),
        ood=tuple(n for n in complete.ood if n != "F-9-H"),
        missing=split.missing,
    )
    few = [m for m in full() if m.name != "CN-2-CN"]
    assert get_task("recombination").split(few, 1).missing == ("CN-2-CN",)


@pytest.mark.parametrize("level", [0, 4, -1, True, 2.5, "2"])
def test_a_level_that_is_not_there_is_refused(level):
    with pytest.raises(RequestError, match=r"level of the task 'transfer': 1, 2 or 3; found"):
        get_task("transfer").split(full(), level)


def test_an_unknown_task_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="recombination"):
        get_task("recombinations")
