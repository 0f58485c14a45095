"""The linear mixed model."""
