import importlib.util
import subprocess
import sys

import pytest
from pydantic import ValidationError

from mlip_compose.core.errors import MissingExtraError
from mlip_compose.potentials.base import silent
from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND


def test_kind_is_known_without_importing_torch():
    code = (
        "import sys; from mlip_compose.potentials.registry import get_potential;"
        "kind = get_potential('mace-small'); kind.settings();"
        "print(kind.extra, kind.role, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["train", "learned", "False"]


def test_missing_packages_are_named_with_what_installs_them(monkeypatch, data, tiny, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "graph_pes" else find(name, *a),
    )
    with pytest.raises(MissingExtraError, match=r"training mace-small.*mlip-compose\[train\]"):
        KIND.fit(data, tiny, 0, tmp_path, silent)
    with pytest.raises(MissingExtraError, match=r"loading a mace-small"):
        KIND.load(tmp_path)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"cutoff": -1.0}, {"dtype": "float16"}, {"lr": 1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        KIND.settings(**wrong)
