"""From a plan and a cohort to a document."""
