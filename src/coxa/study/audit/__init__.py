"""The plan of a clinic audit: where the episodes are, what is measured, what is expected, what is hidden."""
