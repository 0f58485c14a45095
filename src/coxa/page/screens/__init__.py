"""What a reader sees and does: one file for each page of the flow."""
