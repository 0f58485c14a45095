"""The page of an audit, one file per section, built from what is published and from nothing else."""
