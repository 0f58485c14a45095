"""From the columns of files to the tables of a cohort, as the plan's `data:` says."""
