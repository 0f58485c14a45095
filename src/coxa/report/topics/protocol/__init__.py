"""The plan and its lock."""
