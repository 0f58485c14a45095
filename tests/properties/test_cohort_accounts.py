"""Whatever stands in the files: every row and value is kept, empty, or left out with a reason."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.cohort.read import read_cohort
from coxa.study.read import parse_study
from tests.spec.cohort_trial import LONG, PLAN

IDS = st.sampled_from(["1", "2", "3", "03", "3.0", "", " ", "<b>"])
ARMS = st.sampled_from(["usual_care", "exercise", "Exercise therapy", "excercise", "", "0"])
NUMBERS = st.sampled_from(["12", "12,5", " 7 ", "999", "-9", "1,234", "abc", "", "  ", "1e3", "nan", "inf", "0"])
DATES = st.sampled_from(["2025-01-10", "2025-02-20", "2025-04-01", "2999-01-01", "1900-01-01", "1/2/2025", "", "x"])
VISITS = st.sampled_from(["baseline", "week_6", "week_12", "week_7", "", "Week 12"])
OUTCOMES = st.sampled_from(["pain", "function", "stiffness", ""])

PEOPLE = st.lists(st.tuples(IDS, ARMS, NUMBERS, st.sampled_from(["female", "f", ""]), DATES), max_size=6)
LONG_ROWS = st.lists(st.tuples(IDS, VISITS, DATES, OUTCOMES, NUMBERS), max_size=12)
WIDE_ROWS = st.lists(st.tuples(IDS, ARMS, NUMBERS, VISITS, DATES, NUMBERS, NUMBERS, NUMBERS), max_size=8)

WIDE = """
data:
  missing: [-9]
  tables:
    participants: {file: visits.csv, columns: {participant_id: id}, constants: {sex: female}}
    assessments:
      file: visits.csv
      columns: {participant_id: id, assessment_date: date}
      outcomes: {pain: p, function: f}
      baselines: {pain: b}
      missing_when: [{column: f, equals: 0, when_missing: p, because: not asked}]
"""

ONE_ROW = """
data:
  missing: [-9]
  tables:
    participants: {file: visits.csv, columns: {participant_id: id}, constants: {sex: female}}
    assessments:
      file: visits.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: b, week_12: p}, function: {week_12: f}}
      dates: {week_12: date}
      missing_when: [{column: f, equals: 0, when_missing: p, because: not asked}]
"""


def check_accounts(folder: str, data: str) -> None:
    cohort = read_cohort(parse_study((PLAN + data).encode(), folder=folder))
    account = cohort.disposition
    assert account.imbalance().empty, account.counts.to_string()
    assert account.left_out["reason"].map(bool).all()
    last = account.counts.groupby("table").last()
    for table, frame in cohort.tables.items():
        assert len(frame) == (last.loc[table, "kept"] if table in last.index else 0)
    values = cohort.table("assessments")
    assert not values.duplicated(["participant_id", "visit", "outcome"]).any()
    assert values[["participant_id", "visit", "outcome", "value"]].notna().all(axis=None)
    assert values["participant_id"].isin(cohort.table("participants")["participant_id"]).all()
    assert not cohort.table("participants")["participant_id"].duplicated().any()


@settings(max_examples=25, deadline=None)
@given(people=PEOPLE, values=LONG_ROWS)
def test_long_files(people: list[tuple[str, ...]], values: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "sex", "randomisation_date"]
        pd.DataFrame(people, columns=columns).to_csv(Path(folder) / "participants.csv", index=False)
        columns = ["id", "visit", "date", "outcome", "value"]
        pd.DataFrame(values, columns=columns).to_csv(Path(folder) / "assessments.csv", index=False)
        check_accounts(folder, LONG)


@settings(max_examples=40, deadline=None)
@given(rows=WIDE_ROWS, data=st.sampled_from([WIDE, ONE_ROW]))
def test_wide_files(rows: list[tuple[str, ...]], data: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "visit", "date", "b", "p", "f"]
        pd.DataFrame(rows, columns=columns).to_csv(Path(folder) / "visits.csv", index=False)
        check_accounts(folder, data)


@settings(max_examples=25, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_give_findings_and_never_a_stack_trace(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "participants.csv").write_bytes(raw)
        (Path(folder) / "assessments.csv").write_bytes(b"id,arm\n" + raw)
        cohort = read_cohort(parse_study((PLAN + LONG).encode(), folder=folder))
        assert cohort.findings.errors
        assert cohort.disposition.imbalance().empty
