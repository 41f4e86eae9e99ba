"""Have machine-learned potentials learned that molecules are made of parts? A benchmark.

Compositional generalisation of machine-learned interatomic potentials (MLIPs), after arXiv
2605.08988. ``mlip-compose --help`` is the place to start; ``docs/`` explains the words.
"""

from importlib.metadata import version

__version__ = version("mlip-compose")
