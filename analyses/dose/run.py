"""Run `python analyses/dose/run.py [folder]`: simulates both trials, reports, and prints truth next to estimate."""

from __future__ import annotations

import sys
from pathlib import Path

import coxa

HERE = Path(__file__).parent
PLANS = ("study", "mediation")
SHOWN = ["estimand", "arm", "truth", "estimate", "conf_low", "conf_high", "inside"]


def main(out: Path) -> None:
    """Simulate each trial from its plan, write data and report below `out`, and print truth and estimates."""
    for name in PLANS:
        trial = coxa.simulate_study(coxa.read_study(HERE / f"{name}.yaml"), seed=1)
        report = coxa.analyse(trial)
        (page,) = report.write(out / name)
        beside = trial.truth.beside(report.estimates.frame)
        print(beside[SHOWN].to_string(index=False, float_format="{:.3f}".format))
        print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
