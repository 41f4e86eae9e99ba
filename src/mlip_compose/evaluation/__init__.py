"""Scores from arrays: metrics, intervals, gaps, reactions; no store, no potential, no task."""
