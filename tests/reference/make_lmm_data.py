"""Draw the seeded data of the linear mixed model references, and write every case's rows for `lmm_r.R`.

``python -m tests.reference.make_lmm_data``        draws lmm_diary.csv and lmm_singular.csv again
``python -m tests.reference.make_lmm_data FOLDER`` writes one CSV per case, and levels.json, into FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

DIARY_SEED = 20261123
SINGULAR_SEED = 20261131
PARTICIPANTS, DAYS = 20, 40
PHI, STATE_SD, NOISE_SD, PARTICIPANT_SD = 0.7, 1.1, 0.4, 1.3


def diary() -> pd.DataFrame:
    """Return a pain diary of 20 participants over 40 days with missed days and one longer gap each.

    participant, day, y. y is a trend, a level per participant, a state with correlation PHI from one day to the next,
    and independent noise.
    """
    rng = np.random.default_rng(DIARY_SEED)
    rows = []
    for i in range(PARTICIPANTS):
        level = rng.normal(5, PARTICIPANT_SD)
        state = np.empty(DAYS)
        state[0] = rng.normal(0, STATE_SD)
        for j in range(1, DAYS):
            state[j] = PHI * state[j - 1] + rng.normal(0, STATE_SD * np.sqrt(1 - PHI**2))
        day = np.arange(1, DAYS + 1)
        y = np.round(level - 0.04 * day + state + rng.normal(0, NOISE_SD, DAYS), 2)
        kept = rng.random(DAYS) > 0.15
        begin = rng.integers(1, DAYS - 8)
        kept[begin : begin + rng.integers(2, 8)] = False
        rows += [
            {"participant": f"D{i + 1:02d}", "day": int(d), "y": v} for d, v in zip(day[kept], y[kept], strict=True)
        ]
    return pd.DataFrame(rows)


def singular() -> pd.DataFrame:
    """Return 24 participants of 6 therapists, four times each, in two arms, with two outcomes.

    `y_zero` has no therapist effect at all: its variance is estimated at zero. In `y_edge` a participant's slope is
    fixed by the intercept: their correlation is estimated at one.
    """
    rng = np.random.default_rng(SINGULAR_SEED)
    n, times = 24, np.array([0.0, 1.0, 2.0, 3.0])
    level = rng.normal(0, 2, n)
    rows = []
    for i in range(n):
        arm = ("control", "active")[i % 2]
        mean = 20 + 1.5 * times + (arm == "active") * (1 + 0.5 * times)
        y_zero = np.round(mean + level[i] + rng.normal(0, 2, 4), 2)
        y_edge = np.round(mean + level[i] * (1 + 0.3 * times) + rng.normal(0, 2, 4), 2)
        rows += [
            {
                "participant": f"S{i + 1:02d}",
                "therapist": f"T{i % 6 + 1}",
                "arm": arm,
                "time": int(times[j]),
                "y_zero": y_zero[j],
                "y_edge": y_edge[j],
            }
            for j in range(4)
        ]
    return pd.DataFrame(rows)


def export(folder: Path) -> None:
    """Write the rows of every case, and the levels of its factors in their order."""
    from tests.reference.lmm_cases import CASES

    folder.mkdir(parents=True, exist_ok=True)
    levels: dict[str, dict[str, list[str]]] = {}
    for case in CASES.values():
        name = case.frame.__name__
        if name in levels:
            continue
        data = case.frame()
        data.to_csv(folder / f"{name}.csv", index=False)
        factors = data.select_dtypes("category")
        levels[name] = {str(column): [str(v) for v in factors[column].cat.categories] for column in factors}
    (folder / "levels.json").write_text(json.dumps(levels, indent=1), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        export(Path(sys.argv[1]))
    else:
        diary().to_csv(Path(__file__).with_name("lmm_diary.csv"), index=False)
        singular().to_csv(Path(__file__).with_name("lmm_singular.csv"), index=False)
