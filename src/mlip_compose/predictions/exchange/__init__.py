"""Frames for other programs, and predictions from them."""
