"""What is measured from episodes, one file per topic: each asks `Episodes` in SQL and returns small frames."""
