"""The study file as a document and as a schema."""
