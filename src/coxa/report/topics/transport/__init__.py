"""The result of a trial in the case mix of a clinic."""
