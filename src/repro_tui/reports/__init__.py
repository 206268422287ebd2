"""A comparison written out."""
