"""Plain functions on arrays: sums of patterns, likelihood, optimiser, degrees of freedom."""
