"""What words mean: one place to find every term of plans, tables, vocabularies and instruments."""
