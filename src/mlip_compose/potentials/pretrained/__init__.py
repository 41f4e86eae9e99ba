"""Models that were trained elsewhere: loading, zero-shot prediction, fine-tuning."""
