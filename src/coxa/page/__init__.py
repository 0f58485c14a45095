"""The local page: an editor of a plan in a browser, on this computer alone."""
