"""Covariance and degrees of freedom of fixed effects."""
