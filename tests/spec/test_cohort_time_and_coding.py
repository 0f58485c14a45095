"""Dates on the wrong side of randomisation, a baseline of 0, answers coded one off: a finding with a remedy each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.derive import derive_dataset
from coxa.derive.findings import derived_findings
from coxa.errors import DataError
from coxa.findings import Finding
from coxa.instruments.check import blank_bad_answers, check_items, shift_of
from tests.spec import test_cohort_everyday_files as everyday
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, assessments, read_tiny

NO_WINDOW = PLAN.replace("baseline: {day: 0, window: [-28, 0]}", "baseline: {day: 0}")


def with_baseline_on(date: str) -> pd.DataFrame:
    """Return the values with the baseline of participant 01 on another day; randomisation is on 10 January."""
    values = assessments()
    values.loc[(values["id"] == "01") & (values["visit"] == "baseline"), "date"] = date
    return values


class TestBaselineAfterRandomisation:
    @pytest.mark.parametrize(("date", "day"), [("2025-01-13", "3"), ("2025-02-09", "30"), ("2025-02-20", "41")])
    def test_it_is_a_warning_once_for_the_visit(self, tmp_path: Path, date: str, day: str) -> None:
        (finding,) = read_tiny(tmp_path, values=with_baseline_on(date), plan=NO_WINDOW).findings
        assert (finding.severity, finding.participant_id, finding.value) == ("warning", "01", f"day {day}")
        assert finding.rule == "a baseline was measured after randomisation, when treatment may have changed it"
        assert "`window: [-28, 3]`" in finding.remedy

    @pytest.mark.parametrize(("date", "day"), [("2004-01-10", "-7671"), ("2024-01-05", "-371")])
    def test_more_than_a_year_before_it_is_a_warning_too(self, tmp_path: Path, date: str, day: str) -> None:
        (finding,) = read_tiny(tmp_path, values=with_baseline_on(date), plan=NO_WINDOW).findings
        assert (finding.severity, finding.participant_id, finding.value) == ("warning", "01", f"day {day}")
        assert finding.rule == "a baseline was measured more than a year before randomisation"

    def test_on_the_day_or_before_it_is_none(self, tmp_path: Path) -> None:
        for date in ("2025-01-10", "2024-12-20"):
            assert not len(read_tiny(tmp_path, values=with_baseline_on(date), plan=NO_WINDOW).findings)

    def test_a_window_of_the_plan_may_allow_it(self, tmp_path: Path) -> None:
        plan = PLAN.replace("[-28, 0]", "[-28, 3]")
        assert not len(read_tiny(tmp_path, values=with_baseline_on("2025-01-13"), plan=plan).findings)

    def test_outside_its_window_it_is_reported_once(self, tmp_path: Path) -> None:
        (finding,) = read_tiny(tmp_path, values=with_baseline_on("2025-01-13")).findings
        assert finding.rule == "the visit is outside its window: baseline, -28 to 0"


def read_beside(folder: Path, table: str, row: dict[str, object]) -> Cohort:
    """Read the tiny trial with one row of another table."""
    pd.DataFrame([{"id": "02", **row}]).to_csv(folder / "more.csv", index=False)
    return read_tiny(folder, data=LONG + f"    {table}: {{file: more.csv, columns: {{participant_id: id}}}}\n")


@pytest.mark.parametrize(
    ("table", "row", "field"),
    [
        ("intercurrent_events", {"event": "hip_surgery", "event_date": "2025-01-01"}, "event_date"),
        ("intercurrent_events", {"event": "hip_surgery", "study_day": -9}, "event_date"),
        ("adverse_events", {"event_number": 1, "term": "fall", "start_date": "2025-01-01"}, "start_date"),
        ("adverse_events", {"event_number": 1, "term": "fall", "end_date": "2025-01-01"}, "end_date"),
        ("treatment_sessions", {"session_number": 1, "session_date": "2025-01-01"}, "session_date"),
        (
            "return_to_sport",
            {"assessment_date": "2025-04-04", "status": "return_to_sport", "return_date": "2025-01-01"},
            "return_date",
        ),
    ],
)
def test_what_belongs_after_randomisation_is_not_before_it(
    tmp_path: Path, table: str, row: dict[str, object], field: str
) -> None:
    (finding,) = read_beside(tmp_path, table, row).findings
    assert (finding.severity, finding.table, finding.field, finding.row) == ("warning", table, field, 2)
    assert finding.rule.endswith("is before randomisation")
    assert f"`corrections: [{{table: {table}, participant_id: ..., field: {field}, to: ..., because: ...}}]`" in (
        finding.remedy
    )


def test_dates_of_the_participant_are_looked_at_too(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(discontinuation_date=["2024-12-01", "", "", ""])
    (finding,) = read_tiny(tmp_path, people).findings
    assert (finding.field, finding.participant_id, finding.value) == ("discontinuation_date", "01", "day -40")


def test_an_event_that_ends_before_it_starts(tmp_path: Path) -> None:
    row = {"event_number": 1, "term": "fall", "start_date": "2025-03-01", "end_date": "2025-02-01"}
    (finding,) = read_beside(tmp_path, "adverse_events", row).findings
    assert (finding.rule, finding.value) == ("an adverse event ends before it starts", "2025-03-01 to 2025-02-01")


class TestPercentChange:
    PLAN = PLAN.replace("endpoint: {outcome: pain, visit", "endpoint: {outcome: pain, measure: percent_change, visit")

    def zero(self) -> pd.DataFrame:
        values = assessments()
        at_baseline = (values["visit"] == "baseline") & (values["outcome"] == "pain")
        values.loc[at_baseline & values["id"].isin(["01", "02"]), "value"] = "0"
        return values

    def test_a_baseline_of_0_is_counted_with_a_remedy(self, tmp_path: Path) -> None:
        cohort = read_tiny(tmp_path, values=self.zero(), plan=self.PLAN)
        (finding,) = derived_findings(cohort)
        assert finding.rule == "percent change from a baseline of 0 is not defined"
        assert (finding.value, finding.n_rows) == ("baseline 0 in 2 of 4 participants", 2)
        assert "`measure: change`" in finding.remedy

    def test_the_account_tells_it_from_a_missing_baseline(self, tmp_path: Path) -> None:
        values = self.zero()
        gone = (values["id"] == "03") & (values["visit"] == "baseline") & (values["outcome"] == "pain")
        dataset = derive_dataset(read_tiny(tmp_path, values=values[~gone], plan=self.PLAN), "primary")
        lost = dataset.disposition.left_out.query("table == 'assessments'")
        assert lost["reason"].value_counts().to_dict() == {
            "no percent_change: baseline is 0": 4,
            "no percent_change: baseline missing": 2,
        }

    def test_change_itself_is_defined(self, tmp_path: Path) -> None:
        plan = self.PLAN.replace("percent_change", "change")
        assert not len(derived_findings(read_tiny(tmp_path, values=self.zero(), plan=plan)))


class TestCodedOneOff:
    def read(self, folder: Path, answers: dict[str, int], extra: str = "") -> Cohort:
        frame = everyday.wide_items(answers)
        for column, answer in zip(frame.columns[1:6], (2, 3, 4, 5, 1), strict=True):
            frame[column] = answer
        data = everyday.TestItemsWideOverVisits.DATA.replace("t2: week_12}", "t2: week_12}" + extra)
        return everyday.TestItemsWideOverVisits().read(folder, frame, data)

    def test_answers_from_1_to_5_are_one_finding_with_the_map(self, tmp_path: Path) -> None:
        cohort = self.read(tmp_path, {"t0": 5, "t1": 3, "t2": 2})
        (error,) = cohort.findings.errors
        assert error.rule == "`hoos` is 0 to 4, and its values look coded 1 to 5: 5 occurs, and 0 never"
        assert "`values: {value: {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}}`" in error.remedy
        assert cohort.table("item_responses").empty

    def test_the_map_that_is_proposed_mends_it(self, tmp_path: Path) -> None:
        mended = self.read(tmp_path, {"t0": 5, "t1": 3, "t2": 2}, ", value: {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}")
        assert mended.findings.errors.items == ()
        assert mended.table("item_responses")["value"].max() == 4

    def test_a_slip_among_good_answers_stays_a_slip(self, tmp_path: Path) -> None:
        frame = everyday.wide_items({"t0": 0, "t1": 3, "t2": 2})
        frame.loc[0, "hoos_p1_t1"] = 5
        cohort = everyday.TestItemsWideOverVisits().read(tmp_path, frame)
        (error,) = cohort.findings.errors
        assert error.rule == "item p1 of hoos is not between 0 and 4"

    def test_a_code_for_missing_does_not_hide_it(self, tmp_path: Path) -> None:
        frame = everyday.wide_items({"t0": 5, "t1": 3, "t2": 2})
        frame.loc[0, "hoos_p1_t1"] = 999
        cohort = everyday.TestItemsWideOverVisits().read(tmp_path, frame)
        assert "look coded 1 to 5" in cohort.findings.errors.items[0].rule

    def test_an_outcome_can_be_coded_one_off_too(self, tmp_path: Path) -> None:
        plan = PLAN.replace("range: [0, 100], unit: points", "range: [0, 10], unit: points")
        values = assessments()
        pain = values["outcome"] == "pain"
        values.loc[pain, "value"] = [str(1 + k % 11) for k in range(int(pain.sum()))]
        (error,) = read_tiny(tmp_path, values=values, plan=plan).findings.errors
        assert error.rule == "`pain` is 0 to 10, and its values look coded 1 to 11: 11 occurs, and 0 never"

    @pytest.mark.parametrize(
        ("answers", "low", "high", "shift"),
        [([1, 2, 3, 4, 5] * 3, 0, 4, 1), ([0, 1, 2, 3, 4] * 3, 1, 5, -1), ([0, 2, 3, 4, 5] * 3, 0, 4, 0),
         ([1, 2, 3, 4] * 3, 0, 4, 0), ([1, 5], 0, 4, 0), ([1, 101] * 9, 0, 100, 0), ([1, 2.5, 5] * 9, 0, 4, 0)],
    )  # fmt: skip
    def test_shift(self, answers: list[float], low: float, high: float, shift: int) -> None:
        assert shift_of(np.array(answers, dtype=float), low, high) == shift

    def test_answers_of_a_file_are_never_left_out_by_their_coding(self) -> None:
        items = [f"p{k}" for k in range(1, 11)]
        rows = [
            (person, "v1", item, 1 + (k + step) % 5) for k, item in enumerate(items) for step, person in enumerate("ab")
        ]
        frame = pd.DataFrame(rows, columns=["participant_id", "visit", "item", "value"])
        (finding,) = check_items(frame, "hoos")
        assert isinstance(finding, Finding)
        assert "look coded 1 to 5: 0 never occurs" in finding.rule
        with pytest.raises(DataError, match="cannot be left out one by one"):
            blank_bad_answers(frame, "hoos")
