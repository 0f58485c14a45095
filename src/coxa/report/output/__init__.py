"""The forms of a report: HTML, PDF, Word, files."""
