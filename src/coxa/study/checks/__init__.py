"""Checks that reach across the parts of a plan: functions from a study to its problems."""
