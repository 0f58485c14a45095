"""Run `python analyses/steady_days/run.py [folder]`: simulates the diary, writes data and report, with the truth."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "truth", "estimate", "conf_low", "conf_high", "inside"]
SEED = 1


def main(out: Path) -> None:
    """Simulate, analyse and report the trial, and print its results next to the truth."""
    out.mkdir(parents=True, exist_ok=True)
    plan = Path(shutil.copy(HERE / "study.yaml", out / "study.yaml"))
    trial = coxa.simulate_study(coxa.read_study(plan), seed=SEED)
    data = out / "data"
    data.mkdir(exist_ok=True)
    for table, frame in trial.tables.items():
        frame.to_csv(data / f"{table}.csv", index=False)
    report = coxa.analyse(plan, data)
    (page,) = report.write(out)
    print(trial.truth.beside(primary_rows(report))[SHOWN].to_string(index=False, float_format="{:.2f}".format))
    ratio = report.estimates.only(term="within_person_sd_ratio", analysis="variability").frame
    print(ratio[["analysis", "estimate", "conf_low", "conf_high", "p_value"]].to_string(index=False))
    shown = pd.read_csv(out / "results.csv")
    assumed = shown[shown["table"].str.match("days-assumed|entries") & shown["shown"].notna()].drop_duplicates("cell")
    print(assumed[["row_label", "column_label", "shown"]].to_string(index=False))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
