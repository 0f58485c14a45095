"""Run the worked analysis: `python analyses/hip_oa_trial/run.py [folder]`. Writes results and report to `folder`."""

from __future__ import annotations

import sys
from pathlib import Path

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "visit", "arm", "estimate", "conf_low", "conf_high", "p_value"]


def main(out: Path) -> None:
    """Analyse the trial as planned, write everything to `out` and print the comparisons."""
    report = coxa.analyse(HERE / "study.yaml")
    (page,) = report.write(out)
    print(primary_rows(report)[SHOWN].to_string(index=False, float_format="{:.3f}".format))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
