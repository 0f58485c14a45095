"""Reporting checklists: their items as data, and where a plan and its report answer each of them."""
