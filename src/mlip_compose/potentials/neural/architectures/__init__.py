"""Architectures, one a file: settings, and a function that builds the model."""
