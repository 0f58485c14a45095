"""The answer on page one: what was asked, what came out, for whom, how sure, and whether it matters."""
