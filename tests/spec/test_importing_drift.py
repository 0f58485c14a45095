"""Next month's export against the plan of this month: what changed, each with the line of the plan that takes it in."""

from __future__ import annotations

import json
import re
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
        'If it is called Location now, in line 9 replace `Site` by `Location`.',
    ),
    "a column is gone": (month().drop(columns="NPRS end").rename(columns={"NPRS start": "Rating"}), "NPRS end", ""),
    "a column is new": (month(Age=[str(20 + k) for k in range(N)]), "Age",
                        "Write it under `descriptors` as `age`, to adjust for it."),
    "dates have another format": (
        month(From=DAYS.strftime("%Y-%m-%d")), "From",
        'In line 6 replace `date_format: ["%d/%m/%Y"]` by `date_format: ["%d/%m/%Y", "%Y-%m-%d"]`.',
    ),
    "a word means missing": (
        month(**{"NPRS end": ["not done", *[str(k % 6) for k in range(N - 1)]]}), "NPRS end",
        'In line 7 replace `missing: ["n/a"]` by `missing: ["n/a", "not done"]`, if it means that there is no value.',
    ),
    "a code is outside the range": (
        month(**{"NPRS end": ["99", *[str(k % 6) for k in range(N - 1)]]}), "NPRS end",
        'In line 7 replace `missing: ["n/a"]` by `missing: ["n/a", "99"]`, if it means that there is no value.',
    ),
    "a score is called otherwise": (
        month().rename(columns={"NPRS end": "NPRS final"}), "NPRS end",
        "If it is called NPRS final now, in line 11 replace `NPRS end` by `NPRS final`.",
    ),
    "a level is new": (
        month(**{"M/F": ["Man", *["F"] * (N - 1)]}), "M/F",
        'Add `"Man": "male"` to `sex` of `values` in line 10, or add it to the `levels` of `sex`.',
    ),
    "a name is written otherwise": (
        month(Physio=["Okafor, J", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13]), "Physio",
        'If it is J. Okafor, add `therapist: {"Okafor, J": "J. Okafor"}` to `values` in line 10.',
    ),
    "the total is in another row": (
        month(rows=30), None, "In line 8 replace `exclude_rows: [42]` by `exclude_rows: [32]`.",
    ),
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
    month(Physio=["R. Idris", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13]).to_csv(
        tmp_path / "july.csv", index=False
    )
    arguments = ["check", str(tmp_path / "audit.yaml"), "--data", str(tmp_path / "july.csv"), "--json"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    rules = [each["rule"] for each in json.loads(shown.stdout)]
    assert "`therapist` has a name that was not there before" in rules


@pytest.mark.usefixtures("plan")
def test_a_name_that_is_written_otherwise_is_told_of_once(tmp_path: Path) -> None:
    physios = ["Okafor, J", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13]
    month(Physio=physios, Site=["North"] * N).to_csv(tmp_path / "july.csv", index=False)
    _, shown = checked(tmp_path)
    assert shown.count('add `therapist: {"Okafor, J": "J. Okafor"}` to `values` in line 10') == 1


def checked(folder: Path, command: str = "check") -> tuple[int, str]:
    """Return the exit code of a command for the file of July, and what it prints, on one line."""
    arguments = [command, str(folder / "audit.yaml"), "--data", str(folder / "july.csv")]
    arguments += ["--out", str(folder / "out")] if command == "audit" else []
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "400"})
    return shown.exit_code, " ".join(shown.output.split())


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("command", ["check", "audit"])
def test_a_column_that_is_called_otherwise_is_named_once_by_both_commands(tmp_path: Path, command: str) -> None:
    more = {f"Question {k}": ["1"] * N for k in range(20)}
    month(**more).rename(columns={"Until": "Discharged on"}).to_csv(tmp_path / "july.csv", index=False)
    code, shown = checked(tmp_path, command)
    assert code == 1
    assert shown.count("Discharged on now") == 1
    assert "If it is called Discharged on now, in line 9 replace `Until` by `Discharged on`." in shown
    assert "most like it" not in shown
    assert "The column is new: 40 dates" not in shown


@pytest.mark.usefixtures("plan")
def test_a_column_that_is_gone_is_a_fault_with_the_columns_that_there_are(tmp_path: Path) -> None:
    month().drop(columns="NPRS end").to_csv(tmp_path / "july.csv", index=False)
    code, shown = checked(tmp_path)
    assert code == 1
    assert "Its columns: Pat no, Site, Physio, From, Until, M/F, NPRS start." in shown
    assert shown.count("no column NPRS end") == 1
    assert "is not in the file" not in shown


def cut_before(folder: Path, title: str = "") -> AuditPlan:
    """Return a plan whose data cut is before the last dates of its file of July, which can have a title."""
    text = PLAN.replace("2025-12-31", "2024-08-30" if not title else "2024-08-01")
    header = "  header_row: 2\n" if title else ""
    rows = month(total=False).to_csv(index=False)
    (folder / "june.csv").write_text(title + rows, encoding="utf-8")
    (folder / "july.csv").write_text(title + rows, encoding="utf-8")
    text = text.replace("  exclude_rows: [42]\n", header)
    (folder / "audit.yaml").write_text(text, encoding="utf-8")
    return read_audit(folder / "audit.yaml")


def test_dates_some_weeks_after_the_data_cut_propose_the_latest_of_them(tmp_path: Path) -> None:
    latest = (DAYS + pd.Timedelta(days=60)).max().date()
    (finding,) = drift(cut_before(tmp_path), tmp_path / "july.csv")
    assert (finding.field, finding.value) == ("data_cut", latest.isoformat())
    assert finding.remedy == (
        f"The latest of them is {latest}: in line 3 replace `data_cut: 2024-08-30` by `data_cut: {latest}`, if that is "
        "the day of the export."
    )
    code, shown = checked(tmp_path)
    assert code == 1
    assert "Correct the date" not in shown
    assert "warning july.csv" not in shown


def test_the_day_in_the_title_of_a_later_export_is_proposed(tmp_path: Path) -> None:
    plan = cut_before(tmp_path, "Register export 05.10.2024 17:42,,,,,,,\n")
    (finding,) = drift(plan, tmp_path / "july.csv")
    assert finding.remedy == (
        "The title of the file says 2024-10-05: in line 3 replace `data_cut: 2024-08-01` by `data_cut: 2024-10-05`, if "
        "that is the day of the export."
    )


def test_dates_that_are_years_after_the_data_cut_are_slips(tmp_path: Path) -> None:
    cut_before(tmp_path)
    slip = ["25/09/2054", *DAYS.strftime("%d/%m/%Y")[1:]]
    month(total=False, Until=slip).to_csv(tmp_path / "july.csv", index=False)
    assert [each.field for each in drift(read_audit(tmp_path / "audit.yaml"), tmp_path / "july.csv")] == []
    code, shown = checked(tmp_path)
    assert code == 1
    assert "Correct the date (day and month, century), or `data_cut` in the plan." in shown


def test_a_plan_with_the_lines_of_the_findings_takes_the_export_in(plan: AuditPlan, tmp_path: Path) -> None:
    frame = month(rows=30, Physio=["Okafor, J", *["J. Okafor", "P. Lindqvist", "P. Lindqvist"] * 13])
    frame = frame.rename(columns={"Until": "Discharged on"})
    lines = (tmp_path / "audit.yaml").read_text(encoding="utf-8").splitlines()
    for finding in found(plan, tmp_path, frame):
        if change := re.search(r"n line (\d+) replace `(.+?)` by `(.+?)`", finding.remedy):
            row = int(change[1]) - 1
            lines[row] = lines[row].replace(change[2], change[3])
        elif more := re.search(r"add `(.+?)` to `values` in line (\d+)", finding.remedy):
            lines[int(more[2]) - 1] = lines[int(more[2]) - 1].replace("{", f"{{{more[1]}, ", 1)
    (tmp_path / "audit.yaml").write_text("\n".join(lines), encoding="utf-8")
    code, shown = checked(tmp_path)
    assert code == 0, shown
    assert "0 error(s), 0 warning(s)" in shown


@pytest.mark.usefixtures("plan")
def test_an_audit_of_a_file_that_is_not_there_says_so_alone(tmp_path: Path) -> None:
    (tmp_path / "june.csv").unlink()
    shown = CliRunner().invoke(app, ["audit", str(tmp_path / "audit.yaml"), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 1
    assert " ".join(shown.output.split()).count("does not exist") == 1
