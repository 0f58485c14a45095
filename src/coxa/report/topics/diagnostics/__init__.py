"""Diagnostics of the models."""
