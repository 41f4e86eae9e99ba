import pytest
from mlip_compose.molecules.recognition import recognise_graph
from mlip_compose.molecules.trees import read_tree

from mlip_compose.core.errors import NotOfThisKindError, RequestError

WATER = [8, 1, 1], [(0, 1), (0, 2)]
ETHENE = [6, 6, 1, 1, 1, 1], [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5)]


def test_a_tree():
    symbols, neighbours = read_tree(*WATER, [1, 1])
    assert symbols == ["O", "H", "H"]
    assert neighbours == [{1: 1, 2: 1}, {0: 1}, {0: 1}]


@pytest.mark.parametrize(
    ("numbers", "bonds", "orders"),
    [
        (*WATER, [1, 1]),
        (*ETHENE, [2, 1, 1, 1, 1]),
        ([7, 6, 1], [(1, 0), (1, 2)], [3, 1]),  # hydrogen cyanide
        ([7, 7], [(0, 1)], [3]),
        ([8, 6, 8], [(0, 1), (1, 2)], [2, 2]),
        ([6, 6, 7, 7, 1, 1, 1, 1], [(0, 1), (0, 2), (1, 3), *((0, 4), (1, 5), (2, 6), (3, 7))],
         [1, 2, 2, 1, 1, 1, 1]),
    ],
)  # fmt: skip
def test_orders_follow_from_valences(numbers, bonds, orders):
    assert read_tree(numbers, bonds, None) == read_tree(numbers, bonds, orders)


@pytest.mark.parametrize(
    ("numbers", "bonds", "reason"),
    [
        ([8, 1], [(0, 1)], "atom 0 (O) add up to 1 instead of 2: hydrogens are missing"),
        ([7, 1, 1, 1, 1], [(0, 1), (0, 2), (0, 3), (0, 4)], "do not fit"),  # ammonium
        ([6, 1, 1, 1], [(0, 1), (0, 2), (0, 3)], "valences of atoms 0 and 1 do not fit"),
        ([8], [], "the bonds of atom 0 (O) add up to 0 instead of 2"),
        ([6, 6], [(0, 1)], "do not fit"),  # a bond of order 4
        ([6, 1, 1], [(0, 1), (0, 2)], "do not fit"),  # carbene
    ],
)
def test_valences_that_no_orders_fulfil(numbers, bonds, reason):
    with pytest.raises(NotOfThisKindError) as caught:
        read_tree(numbers, bonds, None)
    assert reason in caught.value.found


@pytest.mark.parametrize(
    ("numbers", "bonds", "orders", "reason"),
    [
        ([], [], [], "there are no atoms"),
        ([8, 1, 1, 1], [(0, 1), (0, 2)], [1, 1], "2 separate fragments"),
        ([6, 6, 6], [(0, 1), (1, 2), (2, 0)], [1, 1, 1], "there is a ring"),
        ([8, 1, 35], [(0, 1), (0, 2)], [1, 1], "atom 2 has the atomic number 35"),
        (*WATER, [1, 2], "atom 0 (O) add up to 3 instead of 2: more than"),
        (*ETHENE, [1, 1, 1, 1, 1], "atom 0 (C) add up to 3 instead of 4: hydrogens are missing"),
    ],
)
def test_no_closed_shell_tree(numbers, bonds, orders, reason):
    with pytest.raises(NotOfThisKindError) as caught:
        read_tree(numbers, bonds, orders)
    assert reason in caught.value.found


@pytest.mark.parametrize(
    ("numbers", "bonds", "orders", "message"),
    [
        ([8, 1, 1], [(0, 1), (0, 3)], [1, 1], "among the 3.*between atoms 0 and 3"),
        ([8, 1, 1], [(0, 1), (0, -1)], [1, 1], "between atoms 0 and -1"),
        ([8, 1, 1], [(0, 1), (1, 1)], [1, 1], "between atoms 1 and 1"),
        ([8, 1, 1], [(0, 1), (1, 0)], [1, 1], "each bond once; found .* 1 and 0"),
        ([8, 1, 1], [(0, 1), (0, 2)], [1], "for 2 bonds; found 1 values"),
        ([8, 1, 1], [(0, 1), (0, 2)], [1, 12], "1, 2 or 3 .* found 2 values: 1, 12"),
        ([8, 1, 1], [(0, 1), (0, 2)], [1.0, 1.5], "bond orders as integers .* float64"),
        ([8, 1, 1], [0, 1, 0, 2], [1, 1], r"bonds as integers of shape \(any, 2\)"),
        ([[8, 1, 1]], [(0, 1), (0, 2)], [1, 1], r"atomic numbers as integers of shape \(any,\)"),
        (["O", "H", "H"], [(0, 1), (0, 2)], [1, 1], "atomic numbers as integers"),
    ],
)
def test_arrays_that_are_no_graph(numbers, bonds, orders, message):
    with pytest.raises(RequestError, match=message) as caught:
        recognise_graph(numbers, bonds, orders)
    assert not isinstance(caught.value, NotOfThisKindError)
