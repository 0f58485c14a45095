"""Generalised linear mixed models with a random intercept: repeated or clustered yes-or-no outcomes and counts."""
