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

os.environ.pop("COXA_COMMAND", None)  # of ./dev, which runs the tests: the commands that are printed go by it

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
    left_out = {item.nodeid for item in items if item.get_closest_marker("slow")} | _others(items)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
        items[:] = [item for item in items if item.nodeid not in left_out]


def _others(items: list[pytest.Item]) -> set[str]:
    """Return the cases of a test marked `some(n)` that are not among n cases spread evenly over all of them."""
    cases: dict[str, list[str]] = {}
    marks: dict[str, int] = {}
    for item in items:
        if mark := item.get_closest_marker("some"):
            name = item.nodeid.split("[")[0]
            cases.setdefault(name, []).append(item.nodeid)
            marks[name] = mark.args[0]
    spread = {name: {ids[k * len(ids) // marks[name]] for k in range(marks[name])} for name, ids in cases.items()}
    return {one for name, ids in cases.items() for one in ids if one not in spread[name]}


def pytest_collection_finish() -> None:
    """Keep modules and collected tests out of the garbage collector's rounds: they stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Give all back to the collector, so that libraries find nothing of theirs left when the process ends."""
    gc.unfreeze()
