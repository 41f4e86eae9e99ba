"""References: levels of theory that label geometries, one file for each engine."""
