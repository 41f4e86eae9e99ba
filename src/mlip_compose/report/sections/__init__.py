"""The sections of the page, one a file, and their figures."""
