"""Neural potentials; ``networks`` trains and runs them with torch, the rest imports without it."""
