"""The checks that prove a store, one concept a file; ``studies.check`` runs them."""
