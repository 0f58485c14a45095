"""What is checked in episodes: one file per check, in SQL, so that millions of rows pass in seconds."""
