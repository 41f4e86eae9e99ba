"""Neural potentials on torch, graph-pes and Lightning: graphs, training, prediction, files.

An import of this package imports torch, so a kind imports it when it fits or loads (see
:mod:`mlip_compose.potentials.neural.kind`). graph_pes is imported before anything that needs e3nn:
under torch >= 2.6, e3nn 0.4.4 imports only after it.
"""

import importlib

from mlip_compose.potentials.neural.networks.runtime import quiet

with quiet():
    for _name in ("graph_pes", "graph_pes.models", "graph_pes.training.tasks"):
        importlib.import_module(_name)
