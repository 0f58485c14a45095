"""Generalised estimating equations: marginal models of outcomes that are repeated or come in clusters."""
