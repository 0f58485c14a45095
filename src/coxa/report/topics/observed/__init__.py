"""Observed values."""
