"""Data sets: built, imported, relabelled, checked and described."""
