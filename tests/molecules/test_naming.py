"""Names checked by hand, and by rule.

When this file was written, OPSIN 2.9.0 read all names of n = 1..80 (4,399 without methane) back as
the same molecules.
"""

import pytest

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.naming import readable_name
from mlip_compose.molecules.series import (
    MAX_CHAIN,
    METHANE,
    bifunctional,
    monofunctional,
    parse_name,
)

NAMES = {
    # alkanes
    "H-1-H": "methane",
    "H-2-H": "ethane",
    "H-4-H": "butane",
    "H-11-H": "undecane",
    "H-12-H": "dodecane",
    # one functional group: shortest, two carbons, four
    "OH-1-H": "methanol",
    "OH-2-H": "ethanol",
    "OH-3-H": "propan-1-ol",
    "OH-4-H": "butan-1-ol",
    "NH2-1-H": "methanamine",
    "NH2-2-H": "ethanamine",
    "NH2-4-H": "butan-1-amine",
    "SH-1-H": "methanethiol",
    "SH-2-H": "ethanethiol",
    "SH-4-H": "butane-1-thiol",
    "F-1-H": "fluoromethane",
    "F-2-H": "fluoroethane",
    "F-4-H": "1-fluorobutane",
    "Cl-1-H": "chloromethane",
    "Cl-4-H": "1-chlorobutane",
    "CHO-1-H": "ethanal",
    "CHO-4-H": "pentanal",
    "COOH-1-H": "ethanoic acid",
    "COOH-4-H": "pentanoic acid",
    "CONH2-1-H": "ethanamide",
    "CONH2-4-H": "pentanamide",
    "CN-1-H": "ethanenitrile",
    "CN-4-H": "pentanenitrile",
    # two equal groups
    "OH-1-OH": "methanediol",
    "OH-4-OH": "butane-1,4-diol",
    "NH2-6-NH2": "hexane-1,6-diamine",
    "SH-2-SH": "ethane-1,2-dithiol",
    "F-1-F": "difluoromethane",
    "Cl-2-Cl": "1,2-dichloroethane",
    "CHO-2-CHO": "butanedial",
    "COOH-4-COOH": "hexanedioic acid",
    "CONH2-4-CONH2": "hexanediamide",
    "CN-4-CN": "hexanedinitrile",
    # two different groups: each step of the order of seniority
    "COOH-4-CONH2": "6-amino-6-oxohexanoic acid",
    "COOH-4-CN": "5-cyanopentanoic acid",
    "CHO-3-COOH": "5-oxopentanoic acid",
    "OH-2-COOH": "3-hydroxypropanoic acid",
    "NH2-1-COOH": "2-aminoethanoic acid",
    "CONH2-4-CN": "5-cyanopentanamide",
    "CHO-2-CONH2": "4-oxobutanamide",
    "CHO-2-CN": "4-oxobutanenitrile",
    "OH-3-CN": "4-hydroxybutanenitrile",
    "OH-4-CHO": "5-hydroxypentanal",
    "Cl-2-CHO": "3-chloropropanal",
    "OH-2-SH": "2-sulfanylethan-1-ol",
    "OH-4-NH2": "4-aminobutan-1-ol",
    "OH-1-F": "fluoromethanol",
    "NH2-1-SH": "aminomethanethiol",
    "NH2-4-SH": "4-aminobutane-1-thiol",
    "NH2-2-F": "2-fluoroethan-1-amine",
    "SH-6-Cl": "6-chlorohexane-1-thiol",
    "F-1-Cl": "chlorofluoromethane",
    "F-2-Cl": "1-chloro-2-fluoroethane",
    "F-4-Cl": "1-chloro-4-fluorobutane",
}
ALKANES = (
    *("methane", "ethane", "propane", "butane", "pentane", "hexane", "heptane", "octane"),
    *("nonane", "decane", "undecane", "dodecane", "tridecane", "tetradecane", "pentadecane"),
    *("hexadecane", "heptadecane", "octadecane", "nonadecane", "icosane", "henicosane"),
    *("docosane", "tricosane", "tetracosane"),
)


@pytest.mark.parametrize(("name", "readable"), NAMES.items())
def test_names_checked_by_hand(name, readable):
    assert readable_name(parse_name(name)) == readable


def test_alkanes_in_order():
    found = tuple(readable_name(Parts("H", n, "H")) for n in range(1, len(ALKANES) + 1))
    assert found == ALKANES


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("H-30-H", "triacontane"),
        ("H-31-H", "hentriacontane"),
        ("H-32-H", "dotriacontane"),
        ("H-40-H", "tetracontane"),
        ("H-79-H", "nonaheptacontane"),
        ("COOH-80-COOH", "dooctacontanedioic acid"),
        ("CHO-18-H", "nonadecanal"),
        ("OH-20-H", "icosan-1-ol"),
    ],
)
def test_long_chains(name, readable):
    assert readable_name(parse_name(name)) == readable


def test_no_two_molecules_share_a_name():
    lengths = range(1, MAX_CHAIN + 1)
    every = (METHANE, *monofunctional(lengths), *bifunctional(lengths))
    assert len(every) == 55 * MAX_CHAIN
    assert len({readable_name(parts) for parts in every}) == len(every)


def test_every_molecule_of_the_full_series_has_a_name():
    names = {readable_name(molecule.parts) for molecule in full()}
    assert len(names) == 254
    assert not any(name.startswith("-") or "--" in name or name[-1] in "-,0 " for name in names)


def test_either_order_of_the_ends():
    assert readable_name(Parts("NH2", 4, "OH")) == readable_name(Parts("OH", 4, "NH2"))


def test_a_group_without_a_name_gives_that_of_the_series():
    assert readable_name(Parts("H", 4, "*Br")) == "*Br-4-H"


def test_what_is_no_molecule_has_no_name():
    with pytest.raises(NotOfThisKindError):
        readable_name(Parts("OH", 0, "H"))
