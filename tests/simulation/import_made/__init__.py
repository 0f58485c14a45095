"""Files of different making, each with what every one of its columns is."""
