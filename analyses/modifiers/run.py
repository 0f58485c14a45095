"""Run `python analyses/modifiers/run.py [folder]`: simulates, reports, prints planted curves and estimates."""

from __future__ import annotations

import sys
from pathlib import Path

import coxa

HERE = Path(__file__).parent
SHOWN = ["modifier", "value", "truth", "estimate", "conf_low", "conf_high", "inside"]
EVERY = 5
"""Of the values of a curve, which are printed."""


def main(out: Path) -> None:
    """Simulate the trial from its plan, write data and report to `out`, and print planted and estimated differences."""
    trial = coxa.simulate_study(coxa.read_study(HERE / "study.yaml"), seed=1)
    report = coxa.analyse(trial)
    (page,) = report.write(out)
    beside = trial.truth.beside_curves(report.estimates.frame)
    curves = beside[beside["term"] == "band_at_value"].groupby("modifier", sort=False).nth(slice(None, None, EVERY))
    levels = beside[beside["term"].isin(["subgroup_difference", "shrunken_difference"])]
    for rows in (curves, levels):
        print(rows[SHOWN].to_string(index=False, float_format="{:.1f}".format))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
