"""Readers and writers of files of others, which hold frames and know no chemistry."""
