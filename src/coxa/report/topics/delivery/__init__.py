"""Delivery of the treatments."""
