"""Data of others, made a data set."""
