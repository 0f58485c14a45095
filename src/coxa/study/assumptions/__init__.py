"""What a plan assumes of its study, for simulation and power."""
