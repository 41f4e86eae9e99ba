"""Levels of theory that label geometries; one file an engine."""
