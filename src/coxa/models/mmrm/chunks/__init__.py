"""The mixed model for repeated measures from rows that are never all in memory."""
