"""From columns and codes of files to tables: the shapes of a file, codes and labels, and the accounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from coxa.cohort.cohort import Cohort
from tests.spec.cohort_trial import PARTICIPANTS, PLAN, assessments, messages, only, read_tiny, read_with

TWO = pd.DataFrame(
    {"id": ["1", "2"], "arm": ["usual_care", "exercise"], "age": ["50", "60"], "sex": ["female", "male"]}
)


def counts(cohort: Cohort, table: str = "assessments", stage: str = "reading") -> list[tuple[object, ...]]:
    """Return (counted, entered, kept, empty, left out) of each line."""
    lines = cohort.disposition.counts
    lines = lines[(lines["table"] == table) & (lines["stage"] == stage)]
    return list(lines[["counted", "entered", "kept", "empty", "left_out"]].itertuples(index=False, name=None))


def test_one_column_per_outcome_and_visit(tmp_path: Path) -> None:
    wide = TWO.assign(p0=["50", "40"], p12=["30", None], f0=["20", "25"], on=["2025-01-01", "2025-01-02"])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    cohort = read_with(
        tmp_path,
        """
data:
  tables:
    participants: {file: wide.csv, columns: {participant_id: id}}
    assessments:
      file: wide.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: p0, week_12: p12}, function: {baseline: f0}}
      dates: {baseline: on}
""",
    )
    assert messages(cohort) == []
    table = cohort.table("assessments")[["participant_id", "visit", "outcome", "value", "source_row", "source_column"]]
    assert list(table.itertuples(index=False, name=None)) == [
        ("1", "baseline", "pain", 50.0, 2, "p0"),
        ("2", "baseline", "pain", 40.0, 3, "p0"),
        ("1", "week_12", "pain", 30.0, 2, "p12"),
        ("1", "baseline", "function", 20.0, 2, "f0"),
        ("2", "baseline", "function", 25.0, 3, "f0"),
    ]
    assert cohort.table("assessments")["assessment_date"].dt.strftime("%Y-%m-%d").tolist()[1] == "2025-01-02"
    assert counts(cohort) == [("rows", 2, 2, 0, 0), ("values", 6, 5, 1, 0)]


LONG_FILE = """
data:
  tables:
    participants: {file: visits.csv, columns: {participant_id: id}}
    assessments:
      file: visits.csv
      columns: {participant_id: id}
      values: {visit: {6: week_6, 12: week_12}}
      outcomes: {pain: score}
      baselines: {pain: pain0, function: function0}
"""


def visits() -> pd.DataFrame:
    rows = TWO.loc[[0, 0, 1, 1]].reset_index(drop=True)
    return rows.assign(visit=["6", "12", "6", "12"], score=["40", "30", "35", None], pain0=["50", "50", "45", "45"],
                       function0="20")  # fmt: skip


def test_participants_and_baselines_from_a_long_file(tmp_path: Path) -> None:
    visits().to_csv(tmp_path / "visits.csv", index=False)
    cohort = read_with(tmp_path, LONG_FILE)
    assert messages(cohort) == []
    assert cohort.table("participants")["participant_id"].tolist() == ["1", "2"]
    baseline = cohort.table("assessments").query("visit == 'baseline' and outcome == 'pain'")
    assert baseline[["value", "source_row", "source_column"]].to_numpy().tolist() == [
        [50.0, 2, "pain0"],
        [45.0, 4, "pain0"],
    ]
    assert counts(cohort, "participants") == [("rows", 4, 4, 0, 0), ("participants", 2, 2, 0, 0)]
    assert counts(cohort) == [
        ("rows", 4, 3, 1, 0),
        ("values", 3, 3, 0, 0),
        ("values", 2, 2, 0, 0),
        ("values", 2, 2, 0, 0),
    ]


def test_a_participant_whose_rows_differ_is_an_error(tmp_path: Path) -> None:
    rows = visits()
    rows.loc[3, "age"] = "61"
    rows.to_csv(tmp_path / "visits.csv", index=False)
    cohort = read_with(tmp_path, LONG_FILE)
    finding = next(iter(cohort.findings))
    assert (finding.severity, finding.rule, finding.row, finding.participant_id) == (
        "error",
        "`age` differs between the rows of the participant",
        5,
        "2",
    )
    assert finding.value == "60.0 and 61.0"
    lost = cohort.disposition.left_out
    assert lost.loc[lost["table"] == "participants", "reason"].tolist() == [
        "values differ between the rows of this participant"
    ]


def test_a_value_on_one_row_of_a_participant_counts_for_all(tmp_path: Path) -> None:
    rows = visits()
    rows.loc[[0, 2], ["arm", "age"]] = None
    rows.to_csv(tmp_path / "visits.csv", index=False)
    cohort = read_with(tmp_path, LONG_FILE)
    assert cohort.table("participants")["arm"].tolist() == ["usual_care", "exercise"]


def test_spss_codes_labels_and_user_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0], "group": [0.0, 1.0], "sex": [1.0, 2.0], "age": [50.0, 60.0],
                          "p0": [30.0, 999.0], "f0": [20.0, 40.0]})  # fmt: skip
    pyreadstat.write_sav(
        frame,
        tmp_path / "trial.sav",
        variable_value_labels={"group": {0: "Control", 1: "Active"}, "sex": {1: "Female", 2: "Male"}},
        missing_ranges={"p0": [999]},
    )
    cohort = read_with(
        tmp_path,
        """
data:
  tables:
    participants:
      file: trial.sav
      columns: {participant_id: id, arm: group}
      values: {arm: {Control: usual_care, "1.0": exercise}}
    assessments:
      file: trial.sav
      columns: {participant_id: id}
      outcomes: {pain: {baseline: p0}, function: {baseline: f0}}
""",
    )
    people = cohort.table("participants")
    assert people[["participant_id", "arm", "sex"]].to_numpy().tolist() == [
        ["1", "usual_care", "female"],
        ["2", "exercise", "male"],
    ]
    assert cohort.disposition.left_out["reason"].tolist() == ["declared missing (999)"]
    assert messages(cohort, "error") == []


def test_items_by_pattern(tmp_path: Path) -> None:
    TWO.to_csv(tmp_path / "people.csv", index=False)
    plan = PLAN.replace(
        "pain: {range: [0, 100], unit: points, higher_is_better: false}", "pain: {instrument: hoos, scale: pain}"
    )
    answers = {f"HOOS_P{k}": "1" for k in range(1, 11)}
    items = pd.DataFrame(
        {"id": ["1", "2"], "visit": "baseline", **answers, "HOOS_total": "50", "function": ["40", "50"]}
    )
    items["HOOS_P2"] = ["9", None]
    items["HOOS_P3"] = ["7", "1"]
    items.to_csv(tmp_path / "items.csv", index=False)
    cohort = read_with(
        tmp_path,
        """
data:
  tables:
    participants: {file: people.csv, columns: {participant_id: id}}
    assessments: {file: items.csv, columns: {participant_id: id}, outcomes: {function: function}}
    item_responses: {file: items.csv, columns: {participant_id: id}, instrument: hoos,
                     items: "HOOS_{item}", missing: [9]}
""",
        plan,
    )
    found = [(item.severity, item.rule, item.value) for item in cohort.findings]
    assert found == [
        ("warning", "file items.csv lacks the columns of 30 of the 40 items of hoos",
         "no column for s1, s2, s3, s4, s5, a1, a2, a3, a4, a5, a6, a7 and 18 more"),
        ("note", "columns of the file are not used", "HOOS_total"),
        ("error", "item p3 of hoos is not between 0 and 4", "7"),
    ]  # fmt: skip
    assert counts(cohort, "item_responses") == [("rows", 2, 2, 0, 0), ("values", 20, 18, 1, 1)]
    assert cohort.disposition.left_out["reason"].tolist() == ["declared missing (9)", "out of range"]
    assert len(cohort.table("item_responses")) == 17


def test_unknown_item_and_instrument_of_a_long_table(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": ["01"] * 3, "visit": "baseline", "instrument": ["hoos", "hoos", "hos5"],
                         "item": ["p1", "p99", "p1"], "value": ["1", "1", "1"]})  # fmt: skip
    rows.to_csv(tmp_path / "items.csv", index=False)
    (tmp_path / "x").mkdir()
    data = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments: {file: assessments.csv, columns: {participant_id: id, assessment_date: date}}
    item_responses: {file: items.csv, columns: {participant_id: id}}
"""
    cohort = read_tiny(tmp_path, data=data)
    assert [item.rule for item in cohort.findings] == [
        "the item is not an item of hoos",
        "the instrument or its version is unknown",
    ]
    assert sorted(cohort.disposition.left_out["reason"]) == ["unknown instrument or version", "unknown item (p99)"]


def test_constants_and_decimal_comma(tmp_path: Path) -> None:
    (tmp_path / "participants.csv").write_text("id;arm;age;sex\n1;usual_care;50,5;female\n2;exercise;60;male\n")
    (tmp_path / "week_12.csv").write_text("id;pain;function\n1;12,5;20\n2;30,25;21\n")
    cohort = read_with(
        tmp_path,
        """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments: {file: week_12.csv, columns: {participant_id: id}, constants: {visit: week_12},
                  outcomes: {pain: pain, function: function}}
""",
    )
    assert cohort.table("participants")["age"].tolist() == [50.5, 60.0]
    assert cohort.table("assessments").query("outcome == 'pain'")["value"].tolist() == [12.5, 30.25]
    assert set(cohort.table("assessments")["visit"]) == {"week_12"}


def test_clinical_measures_have_units_and_limits(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"id": ["01"] * 5, "visit": "baseline", "side": "left", "trial_number": ["1", "2", "3", "4", "5"],
         "measure": ["hip_flexion"] * 4 + ["hip_flexon"], "value": ["99", "199", "45", "90", "80"],
         "unit": ["deg", "deg", "deg", "rad", "deg"]}
    )  # fmt: skip
    rows.to_csv(tmp_path / "measures.csv", index=False)
    data = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments: {file: assessments.csv, columns: {participant_id: id, assessment_date: date}}
    clinical_measures: {file: measures.csv, columns: {participant_id: id}}
"""
    cohort = read_tiny(tmp_path, data=data)
    assert [(item.severity, item.row, item.rule) for item in cohort.findings] == [
        ("error", 6, "the word of measure is unknown"),
        ("error", 3, "`hip_flexion` is not between 0 and 150 deg"),
        ("warning", 4, "`hip_flexion` is outside its usual range, 60 to 140 deg"),
        ("error", 5, "`hip_flexion` is in another unit than deg"),
        ("note", 2, "`hip_flexion` was measured in several trials at a visit"),
    ]
    assert cohort.table("clinical_measures")["value"].tolist() == [99.0, 45.0]


def test_truth_values_and_dates_with_a_format(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(
        consent=["yes", "N", "1", "perhaps"], randomisation_date=["10/01/2025"] * 4, birth_date=None
    )
    data = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}, date_format: "%d/%m/%Y"}
    assessments: {file: assessments.csv, columns: {participant_id: id, assessment_date: date}}
"""
    cohort = read_tiny(tmp_path, people, data=data)
    assert only(cohort).rule == "the value is neither yes nor no"
    assert cohort.table("participants")["consent"].tolist()[:3] == [True, False, True]
    assert cohort.table("assessments")["study_day"].tolist()[:3] == [0, 0, 42]


def test_incoming_values_are_not_changed_by_reading_twice(tmp_path: Path) -> None:
    first = read_tiny(tmp_path, values=assessments())
    second = read_tiny(tmp_path, values=assessments())
    for table in first.tables:
        pd.testing.assert_frame_equal(first.table(table), second.table(table))
    assert first.sources == second.sources
    assert np.array_equal(first.disposition.counts.to_numpy(), second.disposition.counts.to_numpy())
