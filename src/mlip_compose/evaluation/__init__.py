"""Scores from arrays: metrics, intervals, gaps, reactions; it knows no store, no potential and no task."""
