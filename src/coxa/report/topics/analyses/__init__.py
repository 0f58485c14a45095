"""Analyses: estimates in tables, figures and sentences."""
