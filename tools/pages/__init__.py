"""Pages of the documentation that are made from the code; `tools/reference.py` writes them."""
