"""Time the main line in one run: the command line, the demonstration, the MMRM by size, scoring.

Each line is the median of several repeats. Times are of this machine; the ratio to the fastest MMRM size shows
what grows with the number of participants and what does not.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

import coxa

SIZES = (200, 1_000, 5_000, 20_000)
VISITS = ("week_6", "week_12", "week_26", "week_39", "week_52")


def median_seconds(run: Callable[[], object], repeats: int = 5) -> float:
    """Return the median wall time of some repeats, after one that is not counted."""
    run()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return statistics.median(times)


def trial(n: int, seed: int = 20261122) -> pd.DataFrame:
    """Return a two-arm trial with five visits, three covariates, 15% dropout and 3% gaps."""
    rng = np.random.default_rng(seed)
    sd = np.array([11.0, 13, 14, 15, 16])
    root = np.linalg.cholesky(0.7 ** np.abs(np.subtract.outer(range(5), range(5))) * np.outer(sd, sd))
    arm = rng.permutation(np.arange(n) % 2)
    baseline = rng.normal(55, 15, n)
    change = 8 + 6 * arm[:, None] - 0.3 * (baseline[:, None] - 55) + rng.normal(size=(n, 5)) @ root.T
    last = np.where(rng.random(n) < 0.15, rng.integers(1, 5, n), 5)
    there = (np.arange(5) < last[:, None]) & (rng.random((n, 5)) > 0.03)
    people = {
        "participant_id": np.arange(n),
        "arm": pd.Categorical.from_codes(arm, categories=["usual_care", "exercise"]),
        "baseline": baseline,
        "age": rng.normal(52, 13, n),
        "sex": pd.Categorical.from_codes(rng.integers(0, 2, n), categories=["female", "male"]),
        "site": pd.Categorical.from_codes(rng.integers(0, 3, n), categories=["north", "south", "west"]),
    }
    rows = pd.DataFrame(people).loc[np.repeat(np.arange(n), 5)].reset_index(drop=True)
    rows["visit"] = pd.Categorical.from_codes(np.tile(np.arange(5), n), categories=VISITS)
    rows["change"] = change.ravel()
    return rows[there.ravel()].reset_index(drop=True)


def main() -> None:
    """Print one line per thing timed."""
    command = [sys.executable, "-m", "coxa.cli.main"]
    with tempfile.TemporaryDirectory() as folder:
        demo = [*command, "demo", "-q", "--out", str(Path(folder) / "demo")]
        show("coxa --help", median_seconds(lambda: apart([*command, "--help"])))
        show("coxa demo", median_seconds(lambda: apart(demo), repeats=3))
    formula = "change ~ baseline * visit + arm * visit + age + sex + site"
    first = 0.0
    for n in SIZES:
        rows = trial(n)
        seconds = median_seconds(lambda rows=rows: coxa.fit_mmrm(formula, rows, ddf="kenward-roger"))
        first = first or seconds
        stages = coxa.fit_mmrm(formula, rows, ddf="kenward-roger").optimisation
        shares = ", ".join(f"{name} {1000 * value:.0f}" for name, value in stages.seconds.items())
        show(f"MMRM us, Kenward-Roger, n = {n}", seconds, f"x{seconds / first:.1f} of n = {SIZES[0]}; ms: {shares}")


def apart(command: list[str]) -> None:
    """Run a command as a process of its own."""
    subprocess.run(command, capture_output=True, check=True)


def show(what: str, seconds: float, more: str = "") -> None:
    """Print one timing."""
    print(f"{what:<40} {1000 * seconds:9.0f} ms  {more}")


if __name__ == "__main__":
    main()
