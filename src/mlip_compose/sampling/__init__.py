"""Conformers, dynamics and checks: from a molecule to labelled frames."""
