"""Run `python analyses/n_of_1/run.py [folder]`: simulates the series of n-of-1 trials, writes data and report."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "arm", "truth", "estimate", "conf_low", "conf_high", "inside"]
SERIES = ["SD between people", "SD within people", "next person"]
"""Terms of the results of the series."""
SEED = 8


def main(out: Path) -> None:
    """Simulate, analyse and report the series, and print its results next to the truth."""
    out.mkdir(parents=True, exist_ok=True)
    plan = Path(shutil.copy(HERE / "study.yaml", out / "study.yaml"))
    study = coxa.read_study(plan)
    trial = coxa.simulate_study(study, seed=SEED)
    data = out / "data"
    data.mkdir(exist_ok=True)
    for table, frame in trial.tables.items():
        frame.to_csv(data / f"{table}.csv", index=False)
    report = coxa.analyse(plan, data)
    (page,) = report.write(out)
    compared = trial.truth.beside(primary_rows(report))
    print(compared[SHOWN].to_string(index=False, float_format="{:.2f}".format))
    results = pd.read_csv(out / "results.csv")
    series = results[(results["analysis"] == "primary") & results["term"].isin(SERIES)]
    print(series.drop_duplicates(["term", "statistic"])[["term", "statistic", "value"]].to_string(index=False))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
