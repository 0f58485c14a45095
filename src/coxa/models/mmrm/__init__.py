"""The mixed model for repeated measures, also with the baseline as a response."""
