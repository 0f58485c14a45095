"""The design of the study."""
