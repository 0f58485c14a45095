"""Goals in a report: set, met, rated, and how long it took."""
