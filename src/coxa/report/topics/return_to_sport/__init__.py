"""Return to sport: status by visit, curves of the return, and recurrences per person-time."""
