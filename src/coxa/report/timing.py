"""Wall times of the steps of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


@contextmanager
def timed(seconds: dict[str, Any], step: str) -> Iterator[None]:
    """Keep the wall time of a step, in seconds."""
    start = perf_counter()
    yield
    seconds[step] = round(perf_counter() - start, 4)
