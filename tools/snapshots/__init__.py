"""What ``tools/snapshot.py`` records of a tree, and how."""
