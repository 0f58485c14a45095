"""The report to a monitoring committee: recruitment, completeness, windows, deviations and harms, without results."""
