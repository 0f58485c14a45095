"""Clinical measures in a report: side by side, changes, and the measurement error beside them."""
