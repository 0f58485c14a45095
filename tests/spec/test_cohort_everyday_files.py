"""Everyday files that a key of the plan describes: nothing is rearranged by hand, each row is accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.derive import derive_delivered, derive_scores
from coxa.derive.analysis_sets import derive_analysis_sets
from coxa.errors import PlanError
from coxa.report.topics.observed.carried_forward import carried_forward
from coxa.study.reading.read import parse_study
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, assessments, messages, read_tiny, read_with
from tests.spec.small_trial import report as small_report
from tests.spec.test_cohort_forms import HOOS

PEOPLE = "    participants: {file: participants.csv, columns: {participant_id: id}}\n"
ITEMS_OF_HOOS = [
    *(f"{part}{k}" for part, n in (("s", 5), ("p", 10), ("a", 17), ("sp", 4), ("q", 4)) for k in range(1, n + 1))
]


def reasons(cohort: Cohort, table: str) -> dict[str, int]:
    """Return how many rows of a table were left out for each reason."""
    lost = cohort.disposition.left_out
    return lost.loc[lost["table"] == table, "reason"].value_counts().to_dict()


def wide_items(visits: dict[str, int], name: str = "hoos_{item}_{visit}") -> pd.DataFrame:
    """Return one row per participant with every item at every visit, all of one answer."""
    columns = {
        name.format(item=item, visit=visit): answer for visit, answer in visits.items() for item in ITEMS_OF_HOOS
    }
    return pd.DataFrame({"id": PARTICIPANTS["id"], **columns})


class TestItemsWideOverVisits:
    DATA = f"""
data:
  tables:
{PEOPLE}    item_responses:
      file: items.csv
      instrument: hoos
      columns: {{participant_id: id}}
      items: hoos_{{item}}_{{visit}}
      values: {{visit: {{t0: baseline, t1: week_6, t2: week_12}}}}
"""

    def read(self, folder: Path, frame: pd.DataFrame, data: str = DATA) -> Cohort:
        PARTICIPANTS.to_csv(folder / "participants.csv", index=False)
        frame.to_csv(folder / "items.csv", index=False)
        return read_with(folder, data, HOOS)

    def test_every_visit_is_scored_from_its_columns(self, tmp_path: Path) -> None:
        cohort = self.read(tmp_path, wide_items({"t0": 3, "t1": 2, "t2": 1}))
        scores, _ = derive_scores(cohort)
        assert scores.groupby("visit")["value"].unique().map(list).to_dict() == {
            "baseline": [25.0],
            "week_6": [50.0],
            "week_12": [75.0],
        }
        assert cohort.table("item_responses")["source_column"].nunique() == 3 * 40
        assert messages(cohort) == []

    def test_a_visit_that_the_plan_does_not_map_is_a_warning(self, tmp_path: Path) -> None:
        cohort = self.read(tmp_path, wide_items({"t0": 3, "t2": 1, "t9": 0}))
        text = "\n".join(messages(cohort, "warning"))
        assert "columns of items are of visit t9, which the plan does not map" in text
        assert "`values: {visit: {t9: ...}}`" in text

    def test_dates_of_visits_go_with_their_items(self, tmp_path: Path) -> None:
        frame = wide_items({"t0": 3, "t1": 2, "t2": 1}).assign(d2="2025-04-03")
        cohort = self.read(tmp_path, frame, self.DATA + "      dates: {week_12: d2}\n")
        days = cohort.table("item_responses").groupby("visit")["study_day"].first()
        assert days["week_12"] == 83
        assert pd.isna(days["baseline"])

    def test_items_can_be_listed_by_visit(self, tmp_path: Path) -> None:
        plan = HOOS.replace("instrument: hoos, scale: pain", "instrument: nprs, scale: pain")
        data = self.DATA.partition("      items:")[0].replace("hoos", "nprs")
        data += "      items: {pain: {baseline: n0, week_12: n12}}\n"
        PARTICIPANTS.to_csv(tmp_path / "participants.csv", index=False)
        pd.DataFrame({"id": ["01"], "n0": [7], "n12": [3]}).to_csv(tmp_path / "items.csv", index=False)
        rows = read_with(tmp_path, data, plan).table("item_responses")
        assert rows[["visit", "item", "value"]].to_numpy().tolist() == [["baseline", "pain", 7], ["week_12", "pain", 3]]

    def test_an_answer_at_one_visit_can_be_corrected(self, tmp_path: Path) -> None:
        extra = (
            "  corrections:\n    - {table: item_responses, participant_id: '01', visit: week_6, item: p1, to: 0, "
            "because: the paper form}\n"
        )
        data = self.DATA.replace("data:\n", "data:\n" + extra, 1)
        cohort = self.read(tmp_path, wide_items({"t0": 3, "t1": 2, "t2": 1}), data)
        rows = cohort.table("item_responses").query("participant_id == '01' and item == 'p1'")
        assert rows.set_index("visit")["value"].to_dict() == {"baseline": 3, "week_6": 0, "week_12": 1}

    def test_the_file_of_the_participants_may_have_them(self, tmp_path: Path) -> None:
        frame = PARTICIPANTS.merge(wide_items({"t0": 3, "t1": 2, "t2": 1}), on="id")
        frame.to_csv(tmp_path / "items.csv", index=False)
        cohort = read_with(tmp_path, self.DATA.replace("file: participants.csv", "file: items.csv"), HOOS)
        assert len(cohort.table("participants")) == 4
        assert cohort.disposition.counts["counted"].tolist().count("participants") == 0

    def test_answers_are_mapped_by_their_codes(self, tmp_path: Path) -> None:
        data = self.DATA.replace("t2: week_12}", "t2: week_12}, value: {5: 4, 4: 3, 3: 2, 2: 1, 1: 0}")
        cohort = self.read(tmp_path, wide_items({"t0": 5, "t1": 2, "t2": 1}), data)
        assert cohort.table("item_responses").groupby("visit")["value"].first().to_dict() == {
            "baseline": 4,
            "week_6": 1,
            "week_12": 0,
        }


class TestNumberedItems:
    def test_columns_are_numbered_in_the_order_of_the_instrument(self, tmp_path: Path) -> None:
        data = TestItemsWideOverVisits.DATA.replace("hoos_{item}_{visit}", "q{item}_{visit}\n      item_numbers: true")
        numbers = {item: f"{k:02d}" for k, item in enumerate(ITEMS_OF_HOOS, start=1)}
        frame = pd.DataFrame(
            {"id": ["01"], **{f"q{numbers[item]}_t0": k % 5 for k, item in enumerate(ITEMS_OF_HOOS, start=1)}}
        )
        PARTICIPANTS.to_csv(tmp_path / "participants.csv", index=False)
        frame.to_csv(tmp_path / "items.csv", index=False)
        cohort = read_with(tmp_path, data, HOOS)
        rows = cohort.table("item_responses")
        assert rows.set_index("item")["value"].astype(int).to_dict() == {
            item: k % 5 for k, item in enumerate(ITEMS_OF_HOOS, start=1)
        }
        (note,) = [finding for finding in cohort.findings if finding.severity == "note"]
        assert note.value == "1 is s1, 40 is q4"

    def test_a_long_file_may_number_them_too(self, tmp_path: Path) -> None:
        data = f"""
data:
  tables:
{PEOPLE}    item_responses: {{file: items.csv, instrument: hoos, item_numbers: true, columns: {{participant_id: id}}, \
constants: {{instrument: hoos}}}}
"""
        PARTICIPANTS.to_csv(tmp_path / "participants.csv", index=False)
        rows = [("01", "baseline", 6, 3), ("01", "baseline", 41, 2)]
        pd.DataFrame(rows, columns=["id", "visit", "item", "value"]).to_csv(tmp_path / "items.csv", index=False)
        cohort = read_with(tmp_path, data, HOOS)
        assert cohort.table("item_responses")[["item", "value"]].to_numpy().tolist() == [["p1", 3.0]]
        (error,) = [finding for finding in cohort.findings.errors if finding.field == "item"]
        assert (error.row, error.value) == (3, "41")


class TestWhere:
    def read(self, folder: Path, where: str, values: pd.DataFrame | None = None) -> Cohort:
        data = LONG.replace("assessment_date: date}}", f"assessment_date: date}}, where: {where}}}")
        frame = assessments().assign(flag="Y", number=1) if values is None else values
        return read_tiny(folder, values=frame, data=data)

    def test_rows_without_the_code_are_left_out_with_the_condition(self, tmp_path: Path) -> None:
        values = assessments().assign(flag=["Y", "N"] * 12)
        cohort = self.read(tmp_path, "{flag: Y}", values)
        assert len(cohort.table("assessments")) == 12
        assert reasons(cohort, "assessments") == {"where: flag is not Y": 12}

    @pytest.mark.parametrize(
        ("where", "kept"),
        [("{number: {from: 2, to: 3}}", 8), ("{number: {to: 1}}", 8), ("{number: [0, 5]}", 8), ('{flag: ""}', 4),
         ("{flag: [Y, '']}", 14), ("{date: {from: 2025-02-01, to: 2025-03-01}}", 8),
         ("{number: {from: 1}, flag: Y}", 8)],
    )  # fmt: skip
    def test_codes_ranges_dates_and_empty_cells(self, tmp_path: Path, where: str, kept: int) -> None:
        values = assessments().assign(
            number=[0, 1, 2, 3, 4, 5] * 4, flag=["Y"] * 10 + [""] * 4 + ["N"] * 10, date=assessments()["date"]
        )
        cohort = self.read(tmp_path, where, values)
        assert len(cohort.table("assessments")) == kept
        assert sum(reasons(cohort, "assessments").values()) == 24 - kept

    def test_a_code_that_no_row_has_is_a_warning_with_those_there_are(self, tmp_path: Path) -> None:
        finding = self.read(tmp_path, "{flag: [Y, X]}").findings.items[0]
        assert finding.as_text() == (
            "warning: assessments, where: no row has X in column flag (found 'X'). Correct `where: {flag: ...}`. The "
            "column has Y."
        )

    def test_no_row_at_all_is_an_error(self, tmp_path: Path) -> None:
        text = "\n".join(messages(self.read(tmp_path, "{flag: X}"), "error"))
        assert "no row of assessments.csv meets the conditions of the table" in text

    def test_a_column_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        assert "no column flagg" in "\n".join(messages(self.read(tmp_path, "{flagg: Y}"), "error"))

    def test_a_cell_that_cannot_be_compared_is_an_error_and_its_row_is_accounted_for(self, tmp_path: Path) -> None:
        values = assessments().assign(number=["1"] * 23 + ["one"])
        cohort = self.read(tmp_path, "{number: {from: 0}}", values)
        (error,) = cohort.findings.errors
        assert (error.row, error.value) == (25, "one")
        assert reasons(cohort, "assessments") == {"where: number is not from 0": 1}

    def test_it_is_data_and_never_an_expression(self) -> None:
        plan = PLAN + LONG.replace("assessment_date: date}}", 'assessment_date: date}, where: "flag == 1"}')
        with pytest.raises(PlanError, match="where"):
            parse_study(plan.encode())


class TestDateFormats:
    DATA = LONG.replace("assessment_date: date}}", 'assessment_date: date}, date_format: ["%Y-%m-%d", "%d/%m/%Y"]}')

    def test_each_date_is_read_in_the_format_that_it_has(self, tmp_path: Path) -> None:
        values = assessments()
        values.loc[2, "date"] = "20/02/2025"
        cohort = read_tiny(tmp_path, values=values, data=self.DATA)
        assert messages(cohort) == []
        assert cohort.table("assessments").loc[2, "assessment_date"] == pd.Timestamp("2025-02-20")

    def test_a_date_with_two_readings_is_refused_with_both(self, tmp_path: Path) -> None:
        values = assessments()
        values.loc[[2, 3], "date"] = "04/03/2025"
        data = self.DATA.replace('"%d/%m/%Y"', '"%d/%m/%Y", "%m/%d/%Y"')
        cohort = read_tiny(tmp_path, values=values, data=data)
        assert {error.row for error in cohort.findings.errors} == {4, 5}
        first = cohort.findings.errors.items[0]
        assert first.rule == "the date has two readings under the `date_format` of the plan"
        assert first.remedy.startswith("04/03/2025 is 4 March 2025 under %d/%m/%Y and 3 April 2025 under %m/%d/%Y.")

    def test_a_date_that_both_formats_read_alike_is_no_question(self, tmp_path: Path) -> None:
        values = assessments()
        values.loc[2, "date"] = "03/03/2025"
        data = self.DATA.replace('"%d/%m/%Y"', '"%d/%m/%Y", "%m/%d/%Y"')
        assert read_tiny(tmp_path, values=values, data=data).findings.errors.items == ()

    def test_a_further_format_is_proposed(self, tmp_path: Path) -> None:
        values = assessments()
        values.loc[2, "date"] = "20.02.2025"
        (error,) = read_tiny(tmp_path, values=values, data=self.DATA).findings.errors
        assert 'add the format: `date_format: ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]`' in error.remedy


class TestIdenticalRows:
    def test_they_are_used_once_and_counted(self, tmp_path: Path) -> None:
        values = pd.concat([assessments(), assessments().iloc[[2, 5]]], ignore_index=True)
        data = LONG.replace("data:\n", "data:\n  drop_identical_rows: true\n")
        cohort = read_tiny(tmp_path, values=values, data=data)
        assert len(cohort.table("assessments")) == 24
        assert reasons(cohort, "assessments") == {"identical to an earlier row": 2}
        (note,) = cohort.findings
        assert (note.severity, note.n_rows, note.rows) == ("note", 2, (26, 27))

    def test_rows_that_differ_somewhere_stay_duplicates(self, tmp_path: Path) -> None:
        values = pd.concat([assessments(), assessments().iloc[[2]].assign(value="1")], ignore_index=True)
        data = LONG.replace("data:\n", "data:\n  drop_identical_rows: true\n")
        assert len(read_tiny(tmp_path, values=values, data=data).findings.errors) == 1

    def test_a_table_may_say_otherwise(self, tmp_path: Path) -> None:
        values = pd.concat([assessments(), assessments().iloc[[2]]], ignore_index=True)
        data = LONG.replace("data:\n", "data:\n  drop_identical_rows: true\n")
        data = data.replace("assessment_date: date}}", "assessment_date: date}, drop_identical_rows: false}")
        (error,) = read_tiny(tmp_path, values=values, data=data).findings.errors
        assert "`drop_identical_rows: true`" in error.remedy


class TestPatientAndEpisode:
    DATA = LONG.replace("columns: {participant_id: id}", "participant_id_from: [patient, episode]").replace(
        "columns: {participant_id: id, ", "participant_id_from: [patient, episode], columns: {"
    )

    def split(self, frame: pd.DataFrame) -> pd.DataFrame:
        patient = frame["id"].map({"01": "7", "02": "7", "03": "8", "04": "9"})
        return frame.assign(patient=patient, episode=frame["id"].map({"02": "2"}).fillna("1")).drop(columns="id")

    def test_an_episode_of_a_patient_is_a_participant(self, tmp_path: Path) -> None:
        cohort = read_tiny(tmp_path, self.split(PARTICIPANTS), self.split(assessments()), self.DATA)
        assert cohort.table("participants")["participant_id"].tolist() == ["7-1", "7-2", "8-1", "9-1"]
        assert len(cohort.table("assessments")) == 24
        assert messages(cohort) == []

    def test_a_row_without_an_episode_has_no_participant(self, tmp_path: Path) -> None:
        values = self.split(assessments())
        values.loc[3, "episode"] = ""
        cohort = read_tiny(tmp_path, self.split(PARTICIPANTS), values, self.DATA)
        assert [error.row for error in cohort.findings.errors] == [5]
        assert reasons(cohort, "assessments") == {"no participant_id": 1}

    def test_codes_that_run_into_each_other_are_refused(self, tmp_path: Path) -> None:
        people = self.split(PARTICIPANTS)
        people.loc[0, ["patient", "episode"]] = ["7-2", "1"]
        people.loc[1, ["patient", "episode"]] = ["7", "2-1"]
        cohort = read_tiny(tmp_path, people, self.split(assessments()), self.DATA)
        assert "two participants have the same identifier" in "\n".join(messages(cohort, "error"))

    def test_both_ways_at_once_are_a_fault_of_the_plan(self) -> None:
        plan = PLAN + self.DATA.replace("columns: {assessment", "columns: {participant_id: x, assessment")
        with pytest.raises(PlanError, match="Keep one of them"):
            parse_study(plan.encode())


class TestSessionTotals:
    PLAN = PLAN.replace("{label: Exercise therapy}", "{label: Exercise therapy, sessions_planned: 12}").replace(
        "estimands:", "per_protocol: {min_attendance: 0.75}\nestimands:", 1
    )
    DATA = LONG + "    session_totals: {file: totals.csv, columns: {participant_id: id, attended: came}}\n"

    def read(self, folder: Path, came: list[str]) -> Cohort:
        pd.DataFrame({"id": PARTICIPANTS["id"], "came": came}).to_csv(folder / "totals.csv", index=False)
        return read_tiny(folder, data=self.DATA, plan=self.PLAN)

    def test_attendance_is_counted_from_the_totals(self, tmp_path: Path) -> None:
        cohort = self.read(tmp_path, ["0", "9", "", "6"])
        delivered = derive_delivered(cohort)
        assert delivered is not None
        people = delivered.people.set_index("participant_id")
        assert people.loc[["02", "04"], "share"].tolist() == [0.75, 0.5]
        assert delivered.missed.groupby(["arm", "reason"]).size().to_dict() == {("exercise", "no reason recorded"): 9}
        sets = derive_analysis_sets(cohort).set_index("participant_id")
        assert sets["in_per_protocol_set"].tolist() == [True, True, True, False]
        (finding,) = cohort.findings
        assert (finding.severity, finding.participant_id) == ("warning", "03")

    def test_more_than_planned_is_a_warning(self, tmp_path: Path) -> None:
        data = self.DATA.replace("attended: came", "attended: came, planned: due")
        frame = pd.DataFrame({"id": PARTICIPANTS["id"], "came": [1, 2, 3, 9], "due": [8, 8, 8, 8]})
        frame.to_csv(tmp_path / "totals.csv", index=False)
        (finding,) = read_tiny(tmp_path, data=data, plan=self.PLAN).findings
        assert finding.value == "9 of 8"


class TestCarriedForward:
    DATA = LONG.replace(
        "assessment_date: date}}",
        "assessment_date: date, carried_forward: DTYPE}, values: {carried_forward: {LOCF: yes, BOCF: yes}}}",
    )

    def test_a_flag_or_a_derivation_type_marks_the_value(self, tmp_path: Path) -> None:
        values = assessments().assign(DTYPE="")
        values.loc[[4, 5], "DTYPE"] = ["LOCF", "BOCF"]
        cohort = read_tiny(tmp_path, values=values, data=self.DATA)
        carried = cohort.table("assessments")["carried_forward"]
        assert carried.fillna(False).tolist() == [False] * 4 + [True] * 2 + [False] * 18
        found = [finding for finding in cohort.findings if finding.field == "carried_forward"]
        assert [(finding.severity, finding.value, finding.n_rows) for finding in found] == [
            ("warning", "pain at week_12", 1),
            ("warning", "function at week_12", 1),
        ]

    def test_a_type_that_the_plan_does_not_map_is_an_error(self, tmp_path: Path) -> None:
        values = assessments().assign(DTYPE="")
        values.loc[4, "DTYPE"] = "WOCF"
        (error,) = read_tiny(tmp_path, values=values, data=self.DATA).findings.errors
        assert (error.row, error.value) == (6, "WOCF")

    def test_rows_carried_forward_can_be_left_out(self, tmp_path: Path) -> None:
        values = assessments().assign(DTYPE="")
        values.loc[4, "DTYPE"] = "LOCF"
        data = LONG.replace("assessment_date: date}}", 'assessment_date: date}, where: {DTYPE: ""}}')
        cohort = read_tiny(tmp_path, values=values, data=data)
        assert reasons(cohort, "assessments") == {"where: DTYPE is not empty": 1}


def test_a_report_counts_what_was_carried_forward_by_visit_and_arm() -> None:
    made = small_report()
    dataset = made.datasets["primary"]
    frame = dataset.frame.assign(carried_forward=False)
    rows = frame.index[(frame["visit"] == "week_12") & (frame["arm"] == "exercise") & frame["value"].notna()][:3]
    frame.loc[rows, "carried_forward"] = True
    marked = replace(made, datasets={**made.datasets, "primary": replace(dataset, frame=frame)})
    (text,) = carried_forward(marked, {"pain": "primary"})
    assert str(text) == (
        "Hip pain score: values that the data files mark as carried forward from an earlier visit are used as they "
        "are: 3 at Week 12 (Exercise therapy)."
    )
    assert list(carried_forward(made, {"pain": "primary"})) == []
