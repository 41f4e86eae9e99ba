"""Signals that come where an exception is lost, or becomes another one."""

import subprocess
import sys

import pytest

from mlip_compose.core.interruption import interruptible

PROGRAM = """
import signal, sys, time, types

def command():
    BODY

stand_in = types.ModuleType("mlip_compose.cli.app")
stand_in.app = command
sys.modules[stand_in.__name__] = stand_in

from mlip_compose.__main__ import main
from mlip_compose.core.errors import RequestError
from mlip_compose.core.interruption import Interrupted, sheltered

class Last:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(0)

main()
"""
PLACES = {
    "plain": "signal.raise_signal(signal.SIGTERM); time.sleep(30)",
    "in a destructor, which can raise nothing": "Last(); time.sleep(30)",
    "in what makes another error of it": """
    try:
        signal.raise_signal(signal.SIGTERM)
    except Interrupted as error:
        raise ValueError("of another kind") from error
""",
    "in what makes a request of it": """
    try:
        signal.raise_signal(signal.SIGTERM)
    except Interrupted as error:
        raise RequestError("something else", "this") from error
""",
    "while it is sheltered": """
    with sheltered():
        signal.raise_signal(signal.SIGTERM)
        print("went on")
    time.sleep(30)
""",
}
SAID = "told to end (SIGTERM); what was finished is kept, run again to go on\n"


@pytest.mark.parametrize("place", PLACES)
def test_a_signal_ends_the_command_with_one_line(place):
    program = PROGRAM.replace("BODY", PLACES[place])
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=14, check=False
    )
    assert (ended.returncode, ended.stderr) == (143, SAID)
    assert ("went on" in ended.stdout) == (place == "while it is sheltered")


def test_a_second_ctrl_c_ends_the_command_at_once():
    body = """
    try:
        signal.raise_signal(signal.SIGINT)
    except Interrupted:
        signal.raise_signal(signal.SIGTERM)
        print("goes on", flush=True)
        signal.raise_signal(signal.SIGINT)
        print("went on")
"""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("BODY", body)],
        capture_output=True,
        text=True,
        timeout=14,
        check=False,
    )
    said = "interrupted; what was finished is kept, run again to go on\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "goes on\n", said)


class Broken:
    def __del__(self):
        raise ValueError("in a destructor")


def test_other_errors_that_python_drops_are_shown_as_ever(capsys):
    with interruptible():
        Broken()
    assert "ValueError: in a destructor" in capsys.readouterr().err
