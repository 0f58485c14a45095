"""Measurement properties in a report: reliability and its errors, change that is reliable, change that matters."""
