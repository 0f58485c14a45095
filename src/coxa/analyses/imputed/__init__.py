"""Missing outcomes in an analysis of a plan: what is assumed of them, their rows, and estimates with them imputed."""
