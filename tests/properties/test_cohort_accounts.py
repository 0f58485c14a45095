"""Whatever stands in the files: every row and value is kept, empty, or left out with a reason."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.study.reading.read import parse_study
from tests.sizes import few
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

MISSING = st.lists(
    st.sampled_from(["3", "03", "-9", "0", "7", "usual_care", "week_6", "pain", "female", '"2025-01-10"', "999"]),
    max_size=3,
)
CORRECTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "participant_id": st.sampled_from(["1", '"03"', "3"]),
            "visit": st.sampled_from(["baseline", "week_6", "week_12"]),
            "outcome": st.sampled_from(["pain", "function"]),
            "to": st.sampled_from(["41", "999", "null", "abc", "-9"]),
        }
    ),
    max_size=2,
)
PEOPLE_CORRECTIONS = st.lists(
    st.sampled_from(
        [
            "field: arm, to: exercise",
            "field: arm, to: null",
            "field: age, to: 55",
            "field: participant_id, to: 4",
            "field: participant_id, to: null",
            "field: randomisation_date, to: 2025-01-12",
        ]
    ),
    max_size=2,
)
EXCLUDED = st.lists(st.tuples(st.sampled_from(["participants", "assessments"]), st.integers(1, 8)), max_size=2)


@st.composite
def amendments(draw: st.DrawFn) -> str:
    """Return what a plan says of missing codes, wrong values and rows that are not used."""
    lines = [f"  missing: [{', '.join(draw(MISSING))}]", "  corrections:"]
    for entry in draw(CORRECTIONS):
        keys = ", ".join(f"{name}: {value}" for name, value in entry.items())
        lines.append(f"    - {{table: assessments, {keys}, because: test}}")
    people = draw(PEOPLE_CORRECTIONS)
    lines += [f"    - {{table: participants, participant_id: 3, {text}, because: test}}" for text in people]
    lines += ["  exclude_rows:"] if len(lines) > 2 else ["    []", "  exclude_rows:"]
    rows = draw(EXCLUDED)
    lines += [f"    - {{table: {table}, row: {row}, because: test}}" for table, row in rows] or ["    []"]
    return "\n".join(lines) + "\n"


def amended(data: str, extra: str) -> str:
    return data.replace("  missing: [-9]\n", "").replace("data:\n", "data:\n" + extra, 1)


def check_accounts(folder: str, data: str) -> None:
    cohort = read_cohort(parse_study((PLAN + data).encode(), folder=folder))
    account = cohort.disposition
    check_lost_rows_are_told(cohort)
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


def check_lost_rows_are_told(cohort: Cohort) -> None:
    """A participant lost in reading is an error of that row, or the plan excludes the row by name."""
    lost = cohort.disposition.left_out.query("stage == 'reading' and table == 'participants'")
    silent = lost[~lost["reason"].str.startswith("excluded: ")]
    told = {item.participant_id for item in cohort.findings.errors} | {None}
    folded = any(item.n_rows > 1 for item in cohort.findings.errors)
    assert folded or set(silent["participant_id"].dropna()) <= told


@settings(max_examples=few(5, 15), deadline=None)
@given(people=PEOPLE, values=LONG_ROWS, extra=amendments())
def test_long_files(people: list[tuple[str, ...]], values: list[tuple[str, ...]], extra: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "sex", "randomisation_date"]
        pd.DataFrame(people, columns=columns).to_csv(Path(folder) / "participants.csv", index=False)
        columns = ["id", "visit", "date", "outcome", "value"]
        pd.DataFrame(values, columns=columns).to_csv(Path(folder) / "assessments.csv", index=False)
        check_accounts(folder, amended(LONG, extra))


@settings(max_examples=few(6, 20), deadline=None)
@given(rows=WIDE_ROWS, data=st.sampled_from([WIDE, ONE_ROW]), extra=amendments())
def test_wide_files(rows: list[tuple[str, ...]], data: str, extra: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "visit", "date", "b", "p", "f"]
        pd.DataFrame(rows, columns=columns).to_csv(Path(folder) / "visits.csv", index=False)
        check_accounts(folder, amended(data, extra))


NARROWED = st.sampled_from(
    [
        "where: {outcome: [pain, function]}",
        "where: {visit: baseline}",
        "where: {value: {from: 0, to: 100}, date: {from: 2025-01-01}}",
        'where: {date: ""}',
        "drop_identical_rows: true",
        "drop_identical_rows: true, where: {value: {to: 20}}",
        'date_format: ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"]',
        "forms: nearest_scored",
        "forms: nearest_scored, drop_identical_rows: true",
    ]
)


@settings(max_examples=few(8, 25), deadline=None)
@given(people=PEOPLE, values=LONG_ROWS, key=NARROWED, named=st.booleans(), again=st.booleans())
def test_rows_that_a_plan_narrows(
    people: list[tuple[str, ...]], values: list[tuple[str, ...]], key: str, named: bool, again: bool
) -> None:
    data = LONG.replace("assessments.csv, ", f"assessments.csv, {key}, ")
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "sex", "randomisation_date"]
        pd.DataFrame(people, columns=columns).to_csv(Path(folder) / "participants.csv", index=False)
        frame = pd.DataFrame(values + (values if again else []), columns=["id", "visit", "date", "outcome", "value"])
        frame = frame if named else frame.drop(columns="visit")
        frame.to_csv(Path(folder) / "assessments.csv", index=False)
        check_accounts(folder, data)


EPISODES = """
data:
  drop_identical_rows: true
  tables:
    participants: {file: a.csv, participant_id_from: [id, episode], constants: {sex: female}}
    assessments: {file: a.csv, participant_id_from: [id, episode], outcomes: {pain: {baseline: b, week_12: p}}}
    session_totals: {file: a.csv, participant_id_from: [id, episode], columns: {attended: f}}
"""


@settings(max_examples=few(5, 15), deadline=None)
@given(rows=st.lists(st.tuples(IDS, IDS, ARMS, NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=8))
def test_an_identifier_of_two_columns(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "episode", "arm", "age", "b", "p", "f"]
        pd.DataFrame(rows, columns=columns).to_csv(Path(folder) / "a.csv", index=False)
        check_accounts(folder, EPISODES)


ANSWERS = st.sampled_from(["0", "1", "4", "5", "", "x", "999"])
NPRS = PLAN.replace(
    "pain: {range: [0, 100], unit: points, higher_is_better: false}", "pain: {instrument: nprs, scale: pain}"
)
WIDE_ITEMS = """
data:
  missing: [999]
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    item_responses:
      file: items.csv
      instrument: nprs
      columns: {participant_id: id}
"""
SHAPES = st.sampled_from(
    ["      items: '{item}_{visit}'\n      values: {visit: {t0: baseline, t1: week_6}}\n",
     "      items: '1_{visit}'\n".replace("1_", "{item}_") + "      item_numbers: true\n",
     "      items: {pain: {baseline: pain_t0, week_12: pain_t1}}\n      dates: {week_12: date}\n"]
)  # fmt: skip


@settings(max_examples=few(6, 20), deadline=None)
@given(people=PEOPLE, rows=st.lists(st.tuples(IDS, ANSWERS, ANSWERS, ANSWERS, DATES), max_size=8), shape=SHAPES)
def test_items_wide_over_visits(people: list[tuple[str, ...]], rows: list[tuple[str, ...]], shape: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = ["id", "arm", "age", "sex", "randomisation_date"]
        pd.DataFrame(people, columns=columns).to_csv(Path(folder) / "participants.csv", index=False)
        columns = ["id", "pain_t0", "pain_t1", "1_week_6", "date"]
        pd.DataFrame(rows, columns=columns).to_csv(Path(folder) / "items.csv", index=False)
        cohort = read_cohort(parse_study((NPRS + WIDE_ITEMS + shape).encode(), folder=folder))
        assert cohort.disposition.imbalance().empty
        assert not cohort.table("item_responses").duplicated(["participant_id", "visit", "item"]).any()


@settings(max_examples=few(5, 15), deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_give_findings_and_never_a_stack_trace(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "participants.csv").write_bytes(raw)
        (Path(folder) / "assessments.csv").write_bytes(b"id,arm\n" + raw)
        cohort = read_cohort(parse_study((PLAN + LONG).encode(), folder=folder))
        assert cohort.findings.errors
        assert cohort.disposition.imbalance().empty
