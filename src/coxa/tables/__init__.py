"""Tables of a report, as records: formatted text beside the statistics it was made from."""
