"""Run `python analyses/hip_pain_athletes/run.py [folder]`: simulates, reports, and prints truth beside estimate."""

from __future__ import annotations

import sys
from pathlib import Path

import coxa

HERE = Path(__file__).parent
SHOWN = ["analysis", "visit", "arm", "reference", "truth", "estimate", "conf_low", "conf_high", "inside"]
TERMS = ["difference", "interaction", "hazard_ratio"]


def main(out: Path) -> None:
    """Simulate the trial from its plan, write the report to `out`, and print truth and estimates."""
    trial = coxa.simulate_study(coxa.read_study(HERE / "study.yaml"), seed=1)
    report = coxa.analyse(trial)
    (page,) = report.write(out)
    estimates = report.estimates.frame
    beside = trial.truth.beside(estimates[estimates["term"].isin(TERMS)])
    print(beside[SHOWN].to_string(index=False, float_format="{:.3f}".format))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
