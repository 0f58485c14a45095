"""Training: weeks from the diary, measures of load with their known faults, and what was asked about sport."""
