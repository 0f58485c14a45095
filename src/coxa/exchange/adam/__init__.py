"""A cohort as ADaM data sets."""
