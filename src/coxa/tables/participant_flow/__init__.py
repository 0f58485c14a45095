"""The participant flow diagram as numbers (CONSORT 2025, item 22): counted, proved to add up, and shown as a table."""
