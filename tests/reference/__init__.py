"""Reference results and the data they belong to."""
