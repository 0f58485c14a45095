"""Numbers of three groups that were not randomised from R, kept in several_groups.json.

`python -m tests.reference.several_groups_numbers` writes them (R with nnet and jsonlite).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
KEPT = HERE / "several_groups.json"


def three(n: int = 300, seed: int = 21) -> pd.DataFrame:
    """Return three groups whose choice depends on age and severity, and so does the outcome."""
    rng = np.random.default_rng(seed)
    age, severe = rng.normal(60, 9, n).round(1), rng.integers(0, 2, n).astype(float)
    z = (age - 60) / 9
    chance = np.exp(np.column_stack([np.zeros(n), 0.3 + 0.6 * z - 0.4 * severe, -0.2 - 0.5 * z + 0.7 * severe]))
    chance /= chance.sum(axis=1, keepdims=True)
    place = (chance.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    y = 50 + 3 * z + 4 * severe - np.array([0.0, 3.0, 5.0])[place] * (1 + 0.3 * z) + rng.normal(0, 8, n)
    time = np.ceil(rng.exponential(25 * np.exp(-0.3 * z + 0.2 * place)))
    end = np.ceil(np.minimum(rng.exponential(60 * np.exp(0.4 * severe)), rng.uniform(28, 60, n)))
    return pd.DataFrame({
        "group": np.array(list("abc"))[place], "age": age, "severe": severe, "y": y.round(3),
        "high": (y > 50).astype(float), "n": rng.poisson(np.exp(0.6 + 0.2 * z)).astype(float),
        "time": np.minimum(time, end), "event": (time <= end).astype(int),
    })  # fmt: skip


def main() -> None:
    """Run R and write its numbers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "three.csv")
        three().to_csv(file, index=False, float_format="%.17g")
        command = ["Rscript", str(HERE / "several_groups_r.R"), str(file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    KEPT.write_text(json.dumps(json.loads(done.stdout), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
