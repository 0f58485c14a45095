"""The local page: plans, data and reports in a browser, on this computer alone."""
