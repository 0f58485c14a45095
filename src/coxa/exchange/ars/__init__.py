"""The analyses and results of a report in the terms of the CDISC analysis results standard."""
