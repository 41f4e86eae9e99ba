"""Proofs of a data set, one kind of check a file."""
