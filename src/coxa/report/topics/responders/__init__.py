"""Responders."""
