"""The plan of an audit, proposed from files: one module for each part of the plan."""
