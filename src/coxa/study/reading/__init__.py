"""From the text of a plan to its record, with every fault at its line."""
