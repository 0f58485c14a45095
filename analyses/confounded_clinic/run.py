"""Run `python analyses/confounded_clinic/run.py [folder]`: from the export, as it came, to report and truth."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import coxa
from coxa.report import primary_rows

HERE = Path(__file__).parent
SHOWN = ["analysis", "truth", "estimate", "conf_low", "conf_high", "inside"]
GROUPS = {"usual_care": "GP advice", "programme": "Exercise prog."}
XRAY = {"mild": "KL 2", "moderate": "KL 3", "severe": "KL 4"}
NAMES = ("Patient", "Care", "First visit", "Programme from", "Age", "BMI", "X-ray", "Heavy work")
VISITS = {"baseline": "start", "month_3": "3 m", "month_6": "6 m"}
FAULTY = {5: -40, 60: -200, 130: 48, 200: 75, 280: 170}
"""Place among the participants -> day on which treatment began, of those whom the target trial has to refuse."""
MAPPING = """
data:
  folder: .
  tables:
    participants:
      file: export.csv
      header_row: 3
      delimiter: semicolon
      decimal: ","
      date_format: "%d.%m.%Y"
      columns:
        {participant_id: Patient, arm: Care, randomisation_date: First visit, treatment_start_date: Programme from,
         age: Age, bmi: BMI, severity: X-ray, work: Heavy work}
      values:
        arm: {GP advice: usual_care, Exercise prog.: programme}
        severity: {KL 2: mild, KL 3: moderate, KL 4: severe}
        work: {n: "no", y: "yes"}
    assessments:
      file: export.csv
      header_row: 3
      delimiter: semicolon
      decimal: ","
      date_format: "%d.%m.%Y"
      columns: {participant_id: Patient}
      missing: [-9]
      outcomes:
        pain: {baseline: Pain start, month_3: Pain 3 m, month_6: Pain 6 m}
        wrist: {baseline: Wrist start, month_3: Wrist 3 m, month_6: Wrist 6 m}
      dates: {baseline: Date start, month_3: Date 3 m, month_6: Date 6 m}
  exclude_rows:
    - {file: export.csv, row: LAST, because: the total row}
"""


def export(trial: object, path: Path) -> int:
    """Write a simulated cohort as a clinic exports it, one row per patient; return the row of its total."""
    people, visits = trial.tables["participants"], trial.tables["assessments"]  # type: ignore[attr-defined]
    rng = np.random.default_rng(11)
    wide = visits.pivot(index="participant_id", columns="visit")
    lines = []
    for place, one in enumerate(people.itertuples()):
        start = pd.Timestamp(one.randomisation_date)
        begins = start + pd.Timedelta(days=int(FAULTY.get(place, rng.integers(0, 15))))
        treated = one.arm == "programme" or place in FAULTY
        line = [
            one.participant_id, GROUPS["programme" if treated else one.arm], _day(start),
            _day(begins) if treated else "", one.age, _comma(one.bmi), XRAY[one.severity], one.work[0],
        ]  # fmt: skip
        for visit in VISITS:
            seen = wide.loc[one.participant_id]
            line += [_day(seen["assessment_date", visit]), _comma(seen["pain", visit]), _comma(seen["wrist", visit])]
        lines.append(line)
    head = [*NAMES, *(f"{what} {at}" for at in VISITS.values() for what in ("Date", "Pain", "Wrist"))]
    total = ["Total", len(lines), *[""] * (len(head) - 2)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([["Hip clinic, export of all episodes"], ["not for research"], head, *lines, total])
    return len(lines) + 4


def _day(value: object) -> str:
    return "" if pd.isna(value) else pd.Timestamp(str(value)).strftime("%d.%m.%Y")


def _comma(value: float) -> str:
    return "-9" if pd.isna(value) else f"{value:g}".replace(".", ",")


def main(out: Path) -> None:
    """Write export, plan and report to `out`; print what was refused, and truth and estimates."""
    out.mkdir(parents=True, exist_ok=True)
    plan = (HERE / "study.yaml").read_text(encoding="utf-8")
    trial = coxa.simulate_study(coxa.read_study(HERE / "study.yaml"), seed=1)
    last = export(trial, out / "export.csv")
    mapping = MAPPING.replace("LAST", str(last))
    (out / "study.yaml").write_text(plan + mapping, encoding="utf-8")
    refused = [one for one in coxa.read_cohort(coxa.read_study(out / "study.yaml")).findings if one.severity == "error"]
    for one in refused:
        print(f"row {one.row}: {one.rule}")
        mapping += f"    - {{file: export.csv, row: {one.row}, because: '{one.rule}'}}\n"
    (out / "study.yaml").write_text(plan + mapping, encoding="utf-8")
    report = coxa.analyse(coxa.read_study(out / "study.yaml"))
    (page,) = report.write(out / "report")
    print(trial.truth.beside(primary_rows(report))[SHOWN].to_string(index=False, float_format="{:.3f}".format))
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
