"""Sampling: from a molecule to labelled frames, by conformers, dynamics and checks."""
