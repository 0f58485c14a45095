"""Hypotheses that share a level, and interim looks."""
