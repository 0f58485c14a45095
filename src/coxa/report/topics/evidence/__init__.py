"""The result of a trial among published ones."""
