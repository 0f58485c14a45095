"""Run `python analyses/stepped_wedge/run.py [folder]`: simulates the stepped wedge, writes data and report."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "arm", "truth", "estimate", "conf_low", "conf_high", "inside"]
SEED = 4


def main(out: Path) -> None:
    """Simulate, analyse and report, and print the results next to the truth."""
    out.mkdir(parents=True, exist_ok=True)
    plan = Path(shutil.copy(HERE / "study.yaml", out / "study.yaml"))
    trial = coxa.simulate_study(coxa.read_study(plan), seed=SEED)
    data = out / "data"
    data.mkdir(exist_ok=True)
    for table, frame in trial.tables.items():
        frame.to_csv(data / f"{table}.csv", index=False)
    report = coxa.analyse(plan, data)
    (page,) = report.write(out)
    compared = trial.truth.beside(primary_rows(report))
    print(compared[SHOWN].to_string(index=False, float_format="{:.2f}".format))
    shown = pd.read_csv(out / "results.csv").drop_duplicates("cell").dropna(subset="shown")
    print(shown.loc[shown["table"] == "alike-primary", ["row_label", "shown"]].to_string(index=False))
    permuted = shown.loc[(shown["analysis"] == "primary") & (shown["term"] == "permutation"), "shown"]
    print(f"permutation of the clinics: {permuted.iloc[0]}")
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
