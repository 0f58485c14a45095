"""The service evaluation: patients at baseline, completeness, and what was observed, without a comparison."""
