"""Exchange with other programs: frames for them, and predictions from them."""
