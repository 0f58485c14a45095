"""The report of a meta-analysis, in the tree of reports."""
