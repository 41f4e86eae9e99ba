"""Frozen data sets and the recipes that they are made by."""
