"""Participants: flow, sets, baseline."""
