"""Results of a report as tables that registries of trials ask for."""
