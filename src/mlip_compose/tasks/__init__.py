"""Tasks: rules that split molecules, and certificates of the splits."""
