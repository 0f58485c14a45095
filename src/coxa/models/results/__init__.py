"""What a fit is and answers: the record, its text, its diagnostics."""
