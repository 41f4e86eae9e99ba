"""Potentials by name: what is read for which, and cards that lie in the folder."""

import subprocess
import sys

import pytest

from mlip_compose.potentials.registry import KINDS

CARD_READERS = """
import sys
from mlip_compose.potentials.registry import KINDS, get_potential
assert get_potential("mace-small").name == "mace-small"
assert not [name for name in sys.modules if name.startswith("mlip_compose.potentials.published")]
from mlip_compose.potentials.published import card
read = []
original = card.read_card
card.read_card = lambda path: read.append(path.stem) or original(path)
get_potential("ani-2x:fine-tuned")
assert read == ["ani-2x"], read
list(KINDS)
assert read == ["ani-2x", *(name for name in card.CARDS if name != "ani-2x")], read
"""


def test_a_potential_reads_its_own_card_at_most():
    outcome = subprocess.run(
        [sys.executable, "-c", CARD_READERS], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


def test_the_programs_own_are_a_mapping():
    own = KINDS._own
    assert len(own) == len(set(own)) == len(KINDS)
    with pytest.raises(KeyError):
        own["mace-smal"]
