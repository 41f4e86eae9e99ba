"""Data sets on disk: the HDF5 layout, its schema, checksums, reading and writing."""
