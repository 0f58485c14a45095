"""Harms."""
