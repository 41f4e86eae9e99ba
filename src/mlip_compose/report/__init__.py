"""The page that people look at: figures and templates over results; it computes no metric."""
