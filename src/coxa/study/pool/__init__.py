"""The plan of a meta-analysis: what is pooled, from which studies, and how."""
