"""One package per topic of a report: its section, tables and figures."""
