"""Neural potentials on torch, graph-pes and Lightning: graphs, training, prediction, files.

Importing this package imports torch, so a kind imports it when it fits or loads (see
:mod:`mlip_compose.potentials.neural.kind`). graph_pes comes before anything that needs e3nn, since
e3nn 0.4.4 imports under torch >= 2.6 only after it.
"""

import importlib

from mlip_compose.potentials.neural.networks.runtime import quiet

with quiet():
    for _name in ("graph_pes", "graph_pes.models", "graph_pes.training.tasks"):
        importlib.import_module(_name)
