"""Data sets that others published, downloaded."""
