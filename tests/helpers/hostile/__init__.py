"""Hostile files: they are made, and read in a fenced process.

``corrupted_*`` make files wrong. The other modules have ``READERS``, one a kind of file.
"""
