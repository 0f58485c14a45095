"""Next month's export against the plan of this month: what changed, each with the line of the plan that takes it in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.findings import Finding
from coxa.importing import drift
from coxa.study.audit.plan import AuditPlan
from coxa.study.audit.read import read_audit

N = 40
DAYS = pd.Timestamp("2024-01-13") + pd.to_timedelta(np.arange(N) * 5, unit="D")
PLAN = """\
audit: june
title: June
data_cut: 2025-12-31
data:
  file: june.csv
  date_format: "%d/%m/%Y"
  missing: [n/a]
  exclude_rows: [42]
  columns: {patient: Pat no, clinic: Site, therapist: Physio, intake_date: From, discharge_date: Until, sex: M/F}
  values: {sex: {M: male, F: female}}
  scores: {pain: {intake: NPRS start, discharge: NPRS end}}
outcomes: {pain: {instrument: nprs}}
descriptors: {sex: {type: category, levels: [female, male]}}
"""


def month(rows: int = N, total: bool = True, **columns: Any) -> pd.DataFrame:
    """Return the episodes of a month, with more columns, or others in place of these, and a row of totals."""
    frame = {
        "Pat no": [f"{k:04d}" for k in range(N)],
        "Site": ["North", "South"] * (N // 2),
        "Physio": ["J. Okafor", "P. Lindqvist"] * (N // 2),
        "From": DAYS.strftime("%d/%m/%Y"),
        "Until": (DAYS + pd.Timedelta(days=60)).strftime("%d/%m/%Y"),
        "M/F": ["M", "F"] * (N // 2),
        "NPRS start": [str(k % 7 + 3) for k in range(N)],
        "NPRS end": [str(k % 6) for k in range(N)],
    }
    full = pd.DataFrame({**frame, **columns}).iloc[:rows]
    return pd.concat([full, pd.DataFrame({"Pat no": ["Total"]})]) if total else full


@pytest.fixture
def plan(tmp_path: Path) -> AuditPlan:
    month().to_csv(tmp_path / "june.csv", index=False)
    (tmp_path / "audit.yaml").write_text(PLAN, encoding="utf-8")
    return read_audit(tmp_path / "audit.yaml")


def found(plan: AuditPlan, folder: Path, frame: pd.DataFrame) -> list[Finding]:
    """Return what has drifted in the file of July."""
    frame.to_csv(folder / "july.csv", index=False)
    return list(drift(plan, folder / "july.csv"))


def test_an_export_that_is_as_before_has_no_drift(plan: AuditPlan, tmp_path: Path) -> None:
    assert found(plan, tmp_path, month()) == []
    assert list(drift(plan)) == []


CHANGES: dict[str, tuple[pd.DataFrame, str | None, str]] = {
    "a column is called otherwise": (
        month().rename(columns={"Site": "Location"}), "Site",
        'If it is called Location now, write `columns: {clinic: "Location"}` under `data`.',
    ),
    "a column is gone": (month().drop(columns="NPRS end").rename(columns={"NPRS start": "Rating"}), "NPRS end", ""),
    "a column is new": (month(Age=[str(20 + k) for k in range(N)]), "Age",
                        "Write it under `descriptors` as `age`, to adjust for it."),
    "dates have another format": (
        month(From=DAYS.strftime("%Y-%m-%d")), "From", 'Write `date_format: ["%d/%m/%Y", "%Y-%m-%d"]` under `data`.',
    ),
    "a word means missing": (
        month(**{"NPRS end": ["not done", *[str(k % 6) for k in range(N - 1)]]}), "NPRS end",
        'Write `missing: ["n/a", "not done"]` under `data`, if it means that there is no value.',
    ),
    "a code is outside the range": (
        month(**{"NPRS end": ["99", *[str(k % 6) for k in range(N - 1)]]}), "NPRS end",
        'Write `missing: ["n/a", "99"]` under `data`, if it means that there is no value.',
    ),
    "a level is new": (
        month(**{"M/F": ["Man", *["F"] * (N - 1)]}), "M/F",
        'Write `values: {sex: {"Man": "male"}}` under `data`, or add it to the `levels` of `sex`.',
    ),
    "a name is written otherwise": (
        month(Physio=["Okafor, J", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13]), "Physio",
        'If it is J. Okafor, write `values: {therapist: {"Okafor, J": "J. Okafor"}}` under `data`.',
    ),
    "the total is in another row": (month(rows=30), None, "Write `exclude_rows: [32]` under `data`."),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_one_finding_with_the_line_of_the_plan(plan: AuditPlan, tmp_path: Path, change: str) -> None:
    frame, column, remedy = CHANGES[change]
    findings = [each for each in found(plan, tmp_path, frame) if each.field == column]
    assert len(findings) == 1, findings
    assert findings[0].severity == "warning"
    assert findings[0].remedy == remedy or not remedy


def test_an_excluded_row_that_holds_data_now_is_named(plan: AuditPlan, tmp_path: Path) -> None:
    longer = pd.concat([month(total=False), month(total=False).head(5).assign(**{"Pat no": list("abcde")})])
    (finding,) = found(plan, tmp_path, longer)
    assert (finding.field, finding.value) == ("exclude_rows", "42")


def test_a_header_in_another_row_is_found(plan: AuditPlan, tmp_path: Path) -> None:
    text = month().to_csv(index=False)
    (tmp_path / "july.csv").write_text(f"Export of July,,,,,,,\n{text}", encoding="utf-8")
    (finding,) = drift(plan, tmp_path / "july.csv")
    assert finding.remedy == "Write `header_row: 2` under `data`."


def test_month_first_dates_that_the_plan_reads_day_first_are_named(plan: AuditPlan, tmp_path: Path) -> None:
    findings = found(plan, tmp_path, month(From=DAYS.strftime("%m/%d/%Y")))
    assert [(each.field, each.value) for each in findings] == [("From", "%m/%d/%Y")]


def test_check_shows_the_drift_of_an_export(plan: AuditPlan, tmp_path: Path) -> None:
    assert plan.origin is not None
    month(Physio=["Okafor, J", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13]).to_csv(
        tmp_path / "july.csv", index=False
    )
    arguments = ["check", str(tmp_path / "audit.yaml"), "--data", str(tmp_path / "july.csv"), "--json"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    rules = [each["rule"] for each in json.loads(shown.stdout)]
    assert "`therapist` has a name that was not there before" in rules
