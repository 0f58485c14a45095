"""The flow of participants: counted, checked, drawn."""
