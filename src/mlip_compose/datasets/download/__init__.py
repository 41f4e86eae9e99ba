"""Downloads of data sets that others published."""
