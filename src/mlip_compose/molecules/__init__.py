"""Molecules X-(CH2)n-Y: end groups, assembly, recognition, names and the named series."""
