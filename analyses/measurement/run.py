"""Run `python analyses/measurement/run.py [folder]`: draws the data, reports them, and compares with the truth."""

from __future__ import annotations

import shutil
import sys
from math import nan
from pathlib import Path

import pandas as pd

import coxa

sys.path.insert(0, str(Path(__file__).parent))

import draw

HERE = Path(__file__).parent
PARTICIPANTS, SEED = 300, 4


def main(out: Path) -> None:
    """Draw, analyse, report, and print estimates next to the truth."""
    out.mkdir(parents=True, exist_ok=True)
    plan = Path(shutil.copy(HERE / "study.yaml", out / "study.yaml"))
    draw.write(out / "data", PARTICIPANTS, SEED)
    report = coxa.analyse(plan, out / "data")
    (page,) = report.write(out)
    (pain,) = coxa.report.measured_scores(report.cohort)
    print(beside(pain).to_string(index=False, float_format="{:.3f}".format))
    ways = pain.important.frame.set_index("method")["estimate"]
    print(f"mean change of those who improved a little {ways['mean_change']:.1f}, ROC {ways['roc']:.2f}; "
          f"improved {pain.important.improved:.0%}")  # fmt: skip
    print(f"report: {page}")


def beside(pain: coxa.report.MeasuredScore) -> pd.DataFrame:
    """Return the truth with the estimates, and their limits where there are some."""
    icc = pain.reliability.frame.set_index("form").loc["ICC(2,1)"]
    mic = pain.important.frame.set_index("method").loc
    shares = pain.change.frame.groupby("arm")["status"].value_counts(normalize=True)
    found = {
        "alpha": (pain.alpha.estimate, pain.alpha.conf_low, pain.alpha.conf_high),
        "ICC(2,1)": (icc["estimate"], icc["conf_low"], icc["conf_high"]),
        "SEM": (pain.reliability.sem_agreement,),
        "SDC": (pain.reliability.sdc_agreement,),
        "important change": (mic["adjusted_2022"]["estimate"],),
    }
    for arm, label in (("exercise", "exercise"), ("usual_care", "usual care")):
        found[f"recovered, {label}"] = (shares[arm]["recovered"],)
        found[f"improved or recovered, {label}"] = (shares[arm][["recovered", "improved"]].sum(),)
    rows = [(name, true, *found[name], *[nan] * (3 - len(found[name]))) for name, true in draw.truth().items()]
    return pd.DataFrame(rows, columns=["of pain", "truth", "estimate", "conf_low", "conf_high"])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
