"""Many outcomes or trials of one design, fitted together."""
