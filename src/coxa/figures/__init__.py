"""Figures of a report: an Altair chart, its numbers, and its alternative as text."""
