"""Methods in words."""
