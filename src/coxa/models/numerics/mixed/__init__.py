"""Plain functions on arrays for models with random effects: rows, likelihood, degrees of freedom, predictions.

A block is a participant (the factor with the most levels); its rows are correlated by its own random effects or by a
covariance over visits. Factors above the blocks (therapist, clinic, or anything crossed) enter as columns u beside the
design x and the outcome y, and are solved for by a Schur complement as large as their number of levels.
"""
