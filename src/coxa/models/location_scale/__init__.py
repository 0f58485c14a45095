"""Mixed models of the level and of the variability of days (location and scale)."""
