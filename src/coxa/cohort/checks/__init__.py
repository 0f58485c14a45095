"""Checks of a cohort: one small function per rule, each returning what it found and what it leaves out."""
