"""A pain diary at irregular times, with measurement error: draws `nugget_diary.csv`, which `nugget_r.R` reads.

python -m tests.reference.make_nugget_diary
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20261129


def nugget_diary() -> pd.DataFrame:
    """Return 14 to 26 ratings of each of 16 participants, the correlation 0.6 a day, a third of it lost to error."""
    rng = np.random.default_rng(SEED)
    people = []
    for who in range(16):
        count = int(rng.integers(14, 27))
        day = np.sort(rng.uniform(0, 20, count)).round(3)
        apart = np.abs(np.subtract.outer(day, day))
        covariance = 2.0 * (0.67 * 0.6**apart + 0.33 * np.eye(count))
        residual = np.linalg.cholesky(covariance) @ rng.normal(size=count)
        pain = 4 + 0.8 * rng.normal() - 0.03 * day - 0.5 * (who % 2) + residual
        arm = "exercise" if who % 2 else "usual_care"
        people.append(pd.DataFrame({"participant_id": f"p{who:02d}", "arm": arm, "day": day, "pain": pain.round(4)}))
    return pd.concat(people, ignore_index=True)


if __name__ == "__main__":
    nugget_diary().to_csv(HERE / "nugget_diary.csv", index=False, lineterminator="\n")
