"""The proposed plan of a trial, a cohort study or a service evaluation."""
