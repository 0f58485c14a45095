"""A score is of one form: what one participant answered on one day. Another form is used only if the plan says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.items import read_items
from coxa.derive import derive_scores
from coxa.errors import DataError
from tests.spec.cohort_trial import PARTICIPANTS, PLAN, messages, read_with

ITEMS = [f"p{number}" for number in range(1, 11)]
HOOS = PLAN.replace(
    "pain: {range: [0, 100], unit: points, higher_is_better: false}", "pain: {instrument: hoos, scale: pain}"
).replace("  function: {range: [0, 80], unit: points, higher_is_better: true}\n", "")
DATA = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    item_responses:
      file: items.csv
      instrument: hoos
      items: hoos_{item}
      columns: {participant_id: id, assessment_date: date}
"""
SCORED = DATA + "      forms: nearest_scored\n"
BASELINE, DAY_83, DAY_88 = "2025-01-10", "2025-04-03", "2025-04-08"


def form(person: str, date: str, answers: dict[str, int], visit: str = "") -> dict[str, object]:
    """Return a row of the file: the answers of one form."""
    return {"id": person, "date": date, "visit": visit, **{f"hoos_{item}": answers.get(item) for item in ITEMS}}


def all_items(answer: int) -> dict[str, int]:
    """Return the same answer to every item of pain."""
    return dict.fromkeys(ITEMS, answer)


def read_forms(folder: Path, forms: list[dict[str, object]], data: str = DATA) -> Cohort:
    """Write the forms, with a baseline of everybody, and read them."""
    PARTICIPANTS.to_csv(folder / "participants.csv", index=False)
    baseline = [form(person, BASELINE, all_items(2), "baseline") for person in PARTICIPANTS["id"]]
    frame = pd.DataFrame(baseline + forms).astype("str").replace({"nan": "", "None": ""})
    frame = frame if any(row["visit"] for row in forms) else frame.drop(columns="visit")
    frame.to_csv(folder / "items.csv", index=False)
    return read_with(folder, data, HOOS)


def week_12(cohort: Cohort) -> list[list[object]]:
    """Return value, study day and row of the scores at week 12."""
    scores, _ = derive_scores(cohort)
    rows = scores[scores["visit"] == "week_12"]
    return rows[["value", "study_day", "source_row"]].to_numpy().tolist()


THREE_OF_TEN = {"p1": 0, "p2": 0, "p3": 0}


def test_items_of_two_forms_are_never_one_score(tmp_path: Path) -> None:
    """Ten answers could be put together from both; the nearest form has three of ten, and so there is no score."""
    forms = [form("01", DAY_83, THREE_OF_TEN), form("01", DAY_88, all_items(4))]
    cohort = read_forms(tmp_path, forms)
    assert week_12(cohort) == []
    items = cohort.table("item_responses").query("visit == 'week_12'")
    assert items["item"].tolist() == ["p1", "p2", "p3"]
    lost = cohort.disposition.left_out
    assert lost["reason"].tolist() == ["another assessment is nearer to the planned day"] * 10
    assert set(lost["source_row"]) == {7}


def test_a_nearest_form_without_a_score_is_a_warning_that_names_the_key(tmp_path: Path) -> None:
    forms = [form("01", DAY_83, THREE_OF_TEN), form("01", DAY_88, all_items(4))]
    (finding,) = [f for f in read_forms(tmp_path, forms).findings.warnings if f.field == "study_day"]
    assert (finding.row, finding.participant_id, finding.value) == (6, "01", "week_12, day 83; used: day 83")
    assert "`forms: nearest_scored` in `data: tables: item_responses`" in finding.remedy


def test_another_form_stands_in_by_a_declared_rule_with_its_own_date(tmp_path: Path) -> None:
    forms = [form("01", DAY_83, THREE_OF_TEN), form("01", DAY_88, all_items(4))]
    cohort = read_forms(tmp_path, forms, SCORED)
    assert week_12(cohort) == [[0.0, 88.0, 7]]
    (finding,) = [f for f in cohort.findings.warnings if f.field == "study_day"]
    assert finding.value == "week_12, day 83; used: day 88"
    lost = cohort.disposition.left_out
    assert lost[["source_row", "reason"]].drop_duplicates().to_numpy().tolist() == [
        [6, "fewer scores than the form of day 88"]
    ]


def test_the_nearest_form_is_used_where_both_have_a_score(tmp_path: Path) -> None:
    forms = [form("01", DAY_83, all_items(1)), form("01", DAY_88, all_items(4))]
    for data in (DATA, SCORED):
        cohort = read_forms(tmp_path, forms, data)
        assert week_12(cohort) == [[75.0, 83.0, 6]]
        assert not [f for f in cohort.findings if f.field == "study_day"]


def test_the_items_of_one_form_may_be_in_two_rows(tmp_path: Path) -> None:
    first, second = (dict.fromkeys(ITEMS[part], 1) for part in (slice(0, 4), slice(4, 10)))
    forms = [form("01", DAY_83, first), form("01", DAY_83, second), form("01", DAY_88, all_items(4))]
    assert week_12(read_forms(tmp_path, forms)) == [[75.0, 83.0, 6]]


def test_answers_of_two_days_under_one_named_visit_are_an_error_and_not_used(tmp_path: Path) -> None:
    first, second = (dict.fromkeys(ITEMS[part], 1) for part in (slice(0, 3), slice(3, 10)))
    forms = [form("01", DAY_83, first, "week_12"), form("01", DAY_88, second, "week_12")]
    cohort = read_forms(tmp_path, forms)
    (error,) = cohort.findings.errors
    assert error.rule == "the answers of one visit are of two days"
    assert error.value == "week_12, 2025-04-03 and 2025-04-08"
    assert week_12(cohort) == []
    assert cohort.disposition.left_out["reason"].unique().tolist() == ["answers of two days under one visit"]


def test_outcomes_of_one_instrument_that_were_recorded_on_two_days_are_two_forms(tmp_path: Path) -> None:
    plan = PLAN.replace(
        "  pain: {range: [0, 100], unit: points, higher_is_better: false}\n"
        "  function: {range: [0, 80], unit: points, higher_is_better: true}\n",
        "  pain: {instrument: hoos, scale: pain}\n  function: {instrument: hoos, scale: adl}\n",
    )
    data = DATA.partition("    item_responses")[0] + (
        "    assessments: {file: visits.csv, columns: {participant_id: id, assessment_date: date},"
        " outcomes: {pain: p, function: f}, forms: RULE}\n"
    )
    PARTICIPANTS.to_csv(tmp_path / "participants.csv", index=False)
    rows = [("01", BASELINE, 50, 50), ("01", DAY_83, "", 60), ("01", DAY_88, 70, 71)]
    pd.DataFrame(rows, columns=["id", "date", "p", "f"]).to_csv(tmp_path / "visits.csv", index=False)
    nearest = read_with(tmp_path, data.replace("RULE", "nearest"), plan).table("assessments")
    assert nearest.loc[nearest["visit"] == "week_12", ["outcome", "value"]].to_numpy().tolist() == [["function", 60.0]]
    scored = read_with(tmp_path, data.replace("RULE", "nearest_scored"), plan).table("assessments")
    assert scored.loc[scored["visit"] == "week_12", ["outcome", "value", "study_day"]].to_numpy().tolist() == [
        ["pain", 70.0, 88.0],
        ["function", 71.0, 88.0],
    ]


def test_a_form_is_not_passed_over_for_answers_that_cannot_be(tmp_path: Path) -> None:
    """They are an error of that form; passing over it would hide them."""
    forms = [form("01", DAY_83, all_items(9)), form("01", DAY_88, all_items(4))]
    cohort = read_forms(tmp_path, forms, SCORED)
    assert {finding.row for finding in cohort.findings.errors} == {6}
    assert week_12(cohort) == []


def test_a_repeated_baseline_is_traced_to_the_row_that_has_it(tmp_path: Path) -> None:
    data = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments:
      {file: visits.csv, columns: {participant_id: id}, outcomes: {pain: p}, baselines: {pain: b}}
"""
    PARTICIPANTS.to_csv(tmp_path / "participants.csv", index=False)
    rows = [("01", "week_6", 40, ""), ("01", "week_12", 30, 55)]
    pd.DataFrame(rows, columns=["id", "visit", "p", "b"]).to_csv(tmp_path / "visits.csv", index=False)
    values = read_with(tmp_path, data).table("assessments")
    assert values.loc[values["visit"] == "baseline", ["value", "source_row"]].to_numpy().tolist() == [[55.0, 3]]


def test_a_file_to_score_may_not_mix_dates_under_one_visit(tmp_path: Path) -> None:
    rows = [
        ("1", "w12", day, item, 4) for item, day in zip(ITEMS, ["2025-04-03"] * 3 + ["2025-04-08"] * 7, strict=True)
    ]
    columns = ["participant_id", "visit", "assessment_date", "item", "value"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "long.csv", index=False)
    with pytest.raises(DataError, match="several dates") as caught:
        read_items(tmp_path / "long.csv", "hoos")
    (finding,) = caught.value.findings
    assert finding.value == "2025-04-03 and 2025-04-08"
    by_date = read_items(tmp_path / "long.csv", "hoos", visit="assessment_date").table
    assert by_date.groupby("visit")["item"].size().to_dict() == {"2025-04-03": 3, "2025-04-08": 7}


def test_one_day_per_window_raises_nothing(tmp_path: Path) -> None:
    cohort = read_forms(tmp_path, [form("01", DAY_83, all_items(1))])
    assert [text for text in messages(cohort) if "study_day" in text] == []
