"""The page that people look at: figures and templates over evaluated results; it computes no metric."""
