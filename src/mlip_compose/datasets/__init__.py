"""Data sets: made, taken in, checked and described."""
