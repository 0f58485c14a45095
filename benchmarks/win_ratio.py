"""Time the comparison of all pairs, beside the same by whole matrices, and check that both count the same.

python benchmarks/win_ratio.py
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np

from coxa.estimates import BinaryEndpoint, MeasuredEndpoint, TimeEndpoint, win_statistics

SIZES = (100, 1_000, 5_000)
REPEATS = 5


def drawn(n: int) -> tuple[list, np.ndarray]:
    """Return a time with censoring, a score with a margin and something that happens, of n and n."""
    rng = np.random.default_rng(n)
    time, event, score = rng.exponential(9, 2 * n), rng.integers(0, 2, 2 * n), rng.normal(size=2 * n)
    endpoints = [TimeEndpoint(time, event), MeasuredEndpoint(score, margin=0.5), BinaryEndpoint(event)]
    return endpoints, np.arange(2 * n) % 2


def by_matrices(endpoints: list, treated: np.ndarray) -> tuple[int, int, int]:
    """Return wins, losses and ties from a matrix of all pairs for each endpoint."""
    time, measure, binary = endpoints
    one, other = treated == 1, treated == 0
    later = (time.event[other] == 1) & (time.time[one][:, None] > time.time[other])
    sooner = (time.event[one] == 1)[:, None] & (time.time[one][:, None] < time.time[other])
    gap = measure.value[one][:, None] - measure.value[other]
    steps = [
        later.astype(int) - sooner,
        np.sign(gap) * (np.abs(gap) >= measure.margin),
        binary.value[one][:, None] - binary.value[other],
    ]
    outcome = steps[0]
    for step in steps[1:]:
        outcome = np.where(outcome == 0, step, outcome)
    return int((outcome > 0).sum()), int((outcome < 0).sum()), int((outcome == 0).sum())


def median_time(function: Callable[[], object]) -> float:
    """Return the median of some repeats after one that is not counted."""
    times = []
    for _ in range(REPEATS + 1):
        begin = perf_counter()
        function()
        times.append(perf_counter() - begin)
    return statistics.median(times[1:])


def main() -> None:
    """Print a table."""
    print("| pairs | one endpoint, s | three, s | three by whole matrices, s |\n|---|---|---|---|")
    for n in SIZES:
        endpoints, treated = drawn(n)
        found = win_statistics(endpoints, treated)
        assert (found.wins, found.losses, found.ties) == by_matrices(endpoints, treated)
        one = median_time(lambda e=endpoints, t=treated: win_statistics(e[:1], t))
        three = median_time(lambda e=endpoints, t=treated: win_statistics(e, t))
        whole = median_time(lambda e=endpoints, t=treated: by_matrices(e, t))
        print(f"| {n * n:,} | {one:.4f} | {three:.4f} | {whole:.4f} |")


if __name__ == "__main__":
    main()
