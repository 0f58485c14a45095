"""Data: findings, and what the run used."""
