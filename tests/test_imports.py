"""What the core may import, in a fresh interpreter."""

import subprocess
import sys

import pytest

WITHOUT_TORCH = """
import sys
for name in ("torch", "graph_pes", "e3nn", "pytorch_lightning"):
    sys.modules[name] = None  # importing it raises
import importlib, pkgutil
import mlip_compose
on_torch = {
    "mlip_compose.potentials.neural.networks",
    *(f"mlip_compose.potentials.published.{name}" for name in (
        "fine_tuning", "potential", "with_mace", "with_torchani",
    )),
}
for module in pkgutil.walk_packages(mlip_compose.__path__, "mlip_compose."):
    if module.name not in {*on_torch, "mlip_compose.__main__"}:
        importlib.import_module(module.name)
"""

LIGHT = """
import sys
sys.argv = ["mlip-compose", *{arguments}]
from mlip_compose.__main__ import main
try:
    main()
except SystemExit:
    pass
heavy = sorted({heavy} & set(sys.modules))
sys.exit(f"imported: {{heavy}}" if heavy else 0)
"""
HEAVY = {"torch", "rdkit", "plotly", "scipy", "ase", "tblite", "kaleido", "h5py", "pandas", "dask"}
HEAVY |= {"distributed", "jinja2", "yaml"}
HELP = LIGHT.format(arguments=["--help"], heavy=HEAVY | {"numpy", "pydantic"})
TASKS = LIGHT.format(arguments=["tasks", "list"], heavy=HEAVY)


@pytest.mark.parametrize(
    "script", [WITHOUT_TORCH, HELP, TASKS], ids=["core without torch", "help", "tasks list"]
)
def test_a_fresh_interpreter(script):
    outcome = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
