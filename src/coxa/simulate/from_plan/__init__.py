"""A trial simulated from its plan alone: one small file per part, put together in `follow` and `trial`."""
