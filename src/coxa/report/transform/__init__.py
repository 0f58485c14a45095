"""From document to document: styles, shells, sharing."""
