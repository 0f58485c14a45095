"""How much of a test runs: the suite takes few examples and replicates, `nox -s full` takes all of them."""

import os

FULL = os.environ.get("COXA_TESTS") == "full"


def few(quick: int, full: int) -> int:
    """Return how many examples, replicates or draws a test takes: `quick` in the suite, `full` in `nox -s full`."""
    return full if FULL else quick
