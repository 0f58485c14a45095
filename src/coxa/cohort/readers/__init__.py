"""Readers, one per format, found by the suffix of the file."""
