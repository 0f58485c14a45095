"""Power, sample size and detectable difference in closed form, one file per design."""
