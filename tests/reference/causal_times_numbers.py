"""Numbers of matched pairs and of doubly robust times from R, kept in causal_times.json.

`python -m tests.reference.causal_times_numbers` writes them (R with MatchIt, sandwich, survival and jsonlite).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
KEPT = HERE / "causal_times.json"
HORIZON = 26.0


def times() -> pd.DataFrame:
    """Return a confounded cohort in whole weeks, with ties, and censoring that depends on a confounder."""
    rng = np.random.default_rng(11)
    n = 240
    x, z = rng.normal(0, 1, n), rng.integers(0, 2, n).astype(float)
    a = (rng.random(n) < 1 / (1 + np.exp(0.2 - 0.7 * x + 0.5 * z))).astype(int)
    event = np.ceil(rng.exponential(25 * np.exp(-0.4 * x + 0.3 * a)))
    end = np.ceil(np.minimum(rng.exponential(50 * np.exp(0.4 * z)), rng.uniform(30, 60, n)))
    return pd.DataFrame({"x": x, "z": z, "a": a, "time": np.minimum(event, end), "event": (event <= end).astype(int)})


def main() -> None:
    """Run R and write its numbers."""
    from tests.reference.lmm_cases import packaged

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("lalonde.csv", "times.csv")]
        packaged("MatchIt", "lalonde").to_csv(files[0], index=False)
        times().to_csv(files[1], index=False, float_format="%.17g")
        command = ["Rscript", str(HERE / "causal_times_r.R"), *map(str, files)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
