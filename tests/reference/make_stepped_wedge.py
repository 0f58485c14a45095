"""Draws the rows of `designs/wedge_*.csv`: `python -m tests.reference.make_stepped_wedge`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "designs"
STEPS = {"s1": (0, 1, 1, 1, 1), "s2": (0, 0, 1, 1, 1), "s3": (0, 0, 0, 1, 1), "s4": (0, 0, 0, 0, 1)}
CROSSING = {"ab": (0, 1, 0, 1), "ba": (1, 0, 1, 0)}


def cross_sectional(seed: int, sequences: dict[str, tuple[int, ...]], per_sequence: int) -> pd.DataFrame:
    """Return other participants in each period, of uneven numbers, one period of one cluster empty."""
    rng, rows = np.random.default_rng(seed), []
    for c, sequence in enumerate([name for name in sequences for _ in range(per_sequence)]):
        own = rng.normal(scale=3)
        for p, treated in enumerate(sequences[sequence]):
            now = rng.normal(scale=1.5)
            for k in range(0 if (c, p) == (1, 2) else int(rng.integers(5, 13))):
                age = rng.normal(50, 10)
                y = 50 + own + now - p - 4 * treated + 0.2 * (age - 50) + rng.normal(scale=8)
                rows.append((f"{c}-{p}-{k}", f"c{c}", sequence, f"q{p + 1}", treated, round(age, 1), round(y, 2)))
    return pd.DataFrame(rows, columns=["participant_id", "site_id", "arm", "period", "treated", "age", "value"])


def cohort(seed: int) -> pd.DataFrame:
    """Return the same participants in each period, some of whom miss one."""
    rng, rows = np.random.default_rng(seed), []
    for c, sequence in enumerate([name for name in STEPS for _ in range(2)]):
        own, passing = rng.normal(scale=3), rng.normal(scale=1.5, size=5)
        for k in range(6):
            person = rng.normal(scale=6)
            for p, treated in enumerate(STEPS[sequence]):
                y = 50 + own + passing[p] + person - p - 4 * treated + rng.normal(scale=5)
                if rng.random() > 0.1:
                    rows.append((f"{c}-{k}", f"c{c}", sequence, f"q{p + 1}", treated, 0.0, round(y, 2)))
    return pd.DataFrame(rows, columns=["participant_id", "site_id", "arm", "period", "treated", "age", "value"])


if __name__ == "__main__":
    cross_sectional(11, STEPS, 2).to_csv(HERE / "wedge_cross_sectional.csv", index=False)
    cohort(12).to_csv(HERE / "wedge_cohort.csv", index=False)
    cross_sectional(13, CROSSING, 4).to_csv(HERE / "wedge_crossover.csv", index=False)
