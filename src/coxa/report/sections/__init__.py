"""The sections of a report, one per file, each a function from a report to a `Section`."""
