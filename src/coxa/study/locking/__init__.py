"""The lock of a plan, and what changed since."""
