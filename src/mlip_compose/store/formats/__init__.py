"""Reading files of others, frame by frame, without chemistry: what is in them, not what it is."""
