"""Neural potentials: what they are, without torch; ``networks`` trains and runs them with it."""
