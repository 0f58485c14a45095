"""The target trial of a cohort: what the data support of it, how alike the groups became, what is not measured."""
