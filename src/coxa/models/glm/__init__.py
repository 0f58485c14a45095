"""Generalised linear models of one row per participant: yes-or-no outcomes, counts and measurements."""
