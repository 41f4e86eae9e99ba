"""Published models as potentials: as they are, and fine-tuned."""
