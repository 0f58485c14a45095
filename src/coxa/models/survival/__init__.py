"""Times to an event: Kaplan-Meier, the log-rank test, and Cox's model, on arrays."""
