"""Run `python analyses/noninferiority/run.py [folder]`: simulates, locks, takes the looks, and reports at the end."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

import coxa
from coxa.report import primary_rows, record_look

HERE = Path(__file__).parent
SHOWN = ["analysis", "truth", "estimate", "conf_low", "conf_high", "inside"]
LOOKS = {"2026-03-02": 120, "2026-07-01": 180}
"""Day of a look, and the participants whose week 12 was known by then."""
LOCKED = "2025-06-01"


def main(out: Path) -> None:
    """Simulate the trial, take both looks at the data of the first participants, and report all of them."""
    out.mkdir(parents=True, exist_ok=True)
    plan = Path(shutil.copy(HERE / "study.yaml", out / "study.yaml"))
    for old in ("study.lock.json", "study.looks.json"):
        (out / old).unlink(missing_ok=True)
    coxa.study.lock(plan, date=LOCKED)
    trial = coxa.simulate_study(coxa.read_study(plan), seed=5)
    for day, known in LOOKS.items():
        report = coxa.analyse(plan, write(trial, known, out / f"look_{known}"))
        entry = record_look(report, date=day)
        for name, seen in entry.seen.items():
            decision = entry.decided[name]
            print(f"{day}, n {known}, {name}: Z {seen['z']:.3f}, adjusted p {decision['adjusted']:.4f}")
    report = coxa.analyse(plan, write(trial, trial.study.interim.participants, out / "data"))
    (page,) = report.write(out)
    compared = trial.truth.beside(primary_rows(report))
    print(compared[SHOWN].to_string(index=False, float_format="{:.3f}".format))
    shown = pd.read_csv(out / "results.csv")
    looks = shown[shown["table"].isin(["hypotheses-looks", "hypotheses-inference"])].drop_duplicates("cell")
    print(looks[["row_label", "column_label", "shown"]].to_string(index=False))
    print(f"report: {page}")


def write(trial: coxa.simulate.SimulatedTrial, known: int, folder: Path) -> Path:
    """Write the tables of the participants who came first to a folder, and return it."""
    folder.mkdir(exist_ok=True)
    people = trial.tables["participants"].sort_values("randomisation_date", kind="stable")["participant_id"].head(known)
    for name, table in trial.tables.items():
        table[table["participant_id"].isin(people)].to_csv(folder / f"{name}.csv", index=False)
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
