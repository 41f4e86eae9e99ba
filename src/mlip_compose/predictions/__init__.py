"""Predictions of frames: made, kept, exchanged and scored."""
