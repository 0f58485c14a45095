"""Reporting checklists."""
