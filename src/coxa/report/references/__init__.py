"""The bibliography of the methods that coxa offers, and which of it a plan or a report cites."""
