"""``additive``: a bonded force field, linear in its parameters, typed by chemical environment."""
