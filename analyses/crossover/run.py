"""Run `python analyses/crossover/run.py [folder]`: simulates the crossover trials, writes data and reports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "arm", "truth", "estimate", "conf_low", "conf_high", "inside"]
SEEDS = {"study.yaml": 2, "starts.yaml": 3, "williams.yaml": 4}
"""Plan -> seed of its trial."""


def main(out: Path) -> None:
    """Simulate, analyse and report each plan, and print its results next to the truth."""
    for name, seed in SEEDS.items():
        folder = out / Path(name).stem
        folder.mkdir(parents=True, exist_ok=True)
        plan = Path(shutil.copy(HERE / name, folder / name))
        trial = coxa.simulate_study(coxa.read_study(plan), seed=seed)
        data = folder / "data"
        data.mkdir(exist_ok=True)
        for table, frame in trial.tables.items():
            frame.to_csv(data / f"{table}.csv", index=False)
        report = coxa.analyse(plan, data)
        (page,) = report.write(folder)
        compared = trial.truth.beside(primary_rows(report))
        print(compared[SHOWN].to_string(index=False, float_format="{:.2f}".format))
        print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
