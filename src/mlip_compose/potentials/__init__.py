"""Potentials: fitted on training frames, they predict energies and forces of a molecule."""
