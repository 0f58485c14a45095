"""Run the worked analyses: `python analyses/outcomes/run.py [folder]`. Prints the truth beside each estimate."""

from __future__ import annotations

import sys
from pathlib import Path

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SEED = 1
SHOWN = ["analysis", "truth", "estimate", "conf_low", "conf_high", "inside"]


def main(out: Path) -> None:
    """Simulate and analyse each plan, write its report to a folder in `out`, and print truth and estimates."""
    for plan in sorted(HERE.glob("*.yaml")):
        trial = coxa.simulate_study(coxa.read_study(plan), seed=SEED)
        report = coxa.analyse(trial)
        (page,) = report.write(out / plan.stem)
        beside = trial.truth.beside(primary_rows(report))
        print(f"\n{plan.stem}: {page}\n{beside[SHOWN].to_string(index=False, float_format='{:.3f}'.format)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
