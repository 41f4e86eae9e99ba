"""What every room uses, and what knows of no other room."""
