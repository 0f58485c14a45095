"""What holds for all tests: no deadlines, few examples, slow tests only where all are asked for (CONTRIBUTING.md).

Linear algebra runs on one thread, in tests and in the commands that they start: threads that wait for each other over
small matrices take up to fifteen times the processor, and two workers on two cores wait for each other as well.
"""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from tests.sizes import FULL, few

for library in ("OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# No example has a deadline, so that the suite passes on a slow machine.
settings.register_profile(
    "coxa", deadline=None, max_examples=few(30, 100), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("coxa")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files whose fixtures take longest, so that two workers end together; leave slow tests out.

    Slow tests are there where all tests, or those with a marker, are asked for.
    """
    items.sort(key=lambda item: "study" not in item.path.parts)
    if FULL or config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_collection_finish() -> None:
    """Keep modules and collected tests out of the garbage collector's rounds: they stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Give all back to the collector, so that libraries find nothing of theirs left when the process ends."""
    gc.unfreeze()
