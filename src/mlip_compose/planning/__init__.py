"""What training molecules have shown of molecules that somebody cares about, and what to add."""
